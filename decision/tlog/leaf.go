package tlog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// leafFormat opens every leaf.
const leafFormat = "polder.city/leaf@v1"

// maxLeaf is the size of the largest leaf in bytes: a leaf commits to a document and never holds it.
const maxLeaf = 200

// Leaf is what the log holds of one document: a commitment to it, and of its
// content only what says nothing about a person.
type Leaf struct {
	Sort    string // decision, advice, refusal, register, stop, resume
	Kind    string // of decision: "collection.plan"; "-" when it has none
	Mandate string // the id of the mandate; "-" when there was none
	Day     string // yyyy-mm-dd, UTC: coarse on purpose
	SHA256  [sha256.Size]byte
}

// leafWord is what may stand between the spaces of a leaf.
var leafWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$|^-$`)

// Bytes returns the entry for the log: one line of words with a space between them, at most 200 bytes.
func (l Leaf) Bytes() ([]byte, error) {
	for _, word := range []string{l.Sort, l.Kind, l.Mandate, l.Day} {
		if !leafWord.MatchString(word) {
			return nil, fmt.Errorf("leaf: %q cannot stand in a leaf (at most 40 letters, digits, dots, dashes and slashes)", word)
		}
	}
	return fmt.Appendf(nil, "%s %s %s %s %s %x\n", leafFormat, l.Sort, l.Kind, l.Mandate, l.Day, l.SHA256), nil
}

// ParseLeaf reads what [Leaf.Bytes] wrote, and nothing else.
func ParseLeaf(entry []byte) (Leaf, error) {
	words := strings.Split(strings.TrimSuffix(string(entry), "\n"), " ")
	if len(words) != 6 || words[0] != leafFormat {
		return Leaf{}, fmt.Errorf("leaf: not in the format %s", leafFormat)
	}
	l := Leaf{Sort: words[1], Kind: words[2], Mandate: words[3], Day: words[4]}
	if n, err := hex.Decode(l.SHA256[:], []byte(words[5][:min(len(words[5]), 2*sha256.Size)])); err != nil || n != sha256.Size {
		return Leaf{}, fmt.Errorf("leaf: no SHA-256")
	}
	if again, err := l.Bytes(); err != nil || string(again) != string(entry) {
		return Leaf{}, fmt.Errorf("leaf: not in the format %s", leafFormat)
	}
	return l, nil
}
