package tlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// proofFormat opens a proof (C2SP tlog-proof, version 1).
const proofFormat = "c2sp.org/tlog-proof@v1"

// maxProof is the largest proof that is read, in bytes: 63 hashes and a checkpoint with many witnesses.
const maxProof = 256 << 10

// Proof is a proof that an entry stands in a log, as read from its text. Nothing in it is to be believed before Check and Open.
type Proof struct {
	Index      int64
	Path       tlog.RecordProof
	Checkpoint []byte // signed note
}

// FormatProof writes a proof as text.
func FormatProof(p Proof) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofFormat, p.Index)
	for _, h := range p.Path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return []byte(b.String())
}

// ParseProof reads a proof strictly: only the one way of writing it down is
// accepted, without the optional extra line, which nothing vouches for.
func ParseProof(text []byte) (Proof, error) {
	if len(text) > maxProof {
		return Proof{}, fmt.Errorf("proof: larger than %d bytes", maxProof)
	}
	top, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(top, "\n")
	if !ok || len(lines) < 2 || lines[0] != proofFormat {
		return Proof{}, fmt.Errorf("proof: not in the format %s", proofFormat)
	}
	number, ok := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || index < 0 {
		return Proof{}, errors.New("proof: no index")
	}
	if len(lines)-2 > 63 {
		return Proof{}, errors.New("proof: too many hashes")
	}
	p := Proof{Index: index, Checkpoint: []byte(checkpoint)}
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return Proof{}, fmt.Errorf("proof: %q is no hash", line)
		}
		p.Path = append(p.Path, h)
	}
	if string(FormatProof(p)) != string(text) {
		return Proof{}, errors.New("proof: not written in the one permitted way")
	}
	return p, nil
}

// Check returns nil when the path leads from entry to the root of tree.
func (p Proof) Check(entry []byte, tree tlog.Tree) error {
	if p.Index >= tree.N {
		return fmt.Errorf("proof: index %d is outside the checkpoint of %d", p.Index, tree.N)
	}
	if err := tlog.CheckRecord(p.Path, tree.N, tree.Hash, p.Index, tlog.RecordHash(entry)); err != nil {
		return fmt.Errorf("proof: the entry is not at index %d under the checkpoint: %w", p.Index, err)
	}
	return nil
}

// Tree reads the checkpoint's tree without checking its signature.
func (p Proof) Tree() (origin string, tree tlog.Tree, err error) {
	text, _, ok := strings.Cut(string(p.Checkpoint), "\n\n")
	if !ok {
		return "", tlog.Tree{}, errors.New("checkpoint: no signed note")
	}
	return parseCheckpoint(text + "\n")
}

// Open checks that the key signed the proof's checkpoint.
func (p Proof) Open(vkey string) error {
	_, err := openCheckpoint(vkey, p.Checkpoint)
	return err
}

// openCheckpoint checks the signature of a checkpoint by the log's key, and returns its tree.
func openCheckpoint(vkey string, signed []byte) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("public key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	// The note package forgives bits that base64 does not use; one signature is to have one spelling.
	for _, sig := range append(n.Sigs, n.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return tlog.Tree{}, fmt.Errorf("checkpoint: signature of %s: %w", sig.Name, err)
		}
	}
	origin, tree, err := parseCheckpoint(n.Text)
	if err == nil && origin != verifier.Name() {
		err = fmt.Errorf("checkpoint: of the log %s, not of %s", origin, verifier.Name())
	}
	return tree, err
}

// checkpointText is what is signed (C2SP tlog-checkpoint, without extension lines).
func checkpointText(origin string, tree tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, tree.N, tree.Hash)
}

func parseCheckpoint(text string) (origin string, tree tlog.Tree, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return "", tlog.Tree{}, errors.New("checkpoint: not three lines")
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || n < 0 {
		return "", tlog.Tree{}, errors.New("checkpoint: no size")
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return "", tlog.Tree{}, errors.New("checkpoint: no root hash")
	}
	tree = tlog.Tree{N: n, Hash: hash}
	if checkpointText(lines[0], tree) != text {
		return "", tlog.Tree{}, errors.New("checkpoint: not written in the one permitted way")
	}
	return lines[0], tree, nil
}
