package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gowebpki/jcs"
	"golang.org/x/text/unicode/norm"
)

// maxNumber is the largest whole number that every JSON reader reads exactly.
const maxNumber = 1<<53 - 1

// Canonical returns JSON as RFC 8785 canonical JSON, its text in Unicode NFC, or
// refuses it. It is stricter than the RFC, so that no reader can see another
// document than was hashed: numbers are whole and within 2^53-1 and not -0, no
// name stands twice in an object, no text holds U+0000.
func Canonical(data []byte) ([]byte, error) {
	out, err := transform(data)
	if err != nil || norm.NFC.IsNormal(out) {
		return out, err
	}
	// No mark of JSON's own syntax composes with a character of a string, so the text may be normalised as a whole.
	// Names can become equal by it: the second pass finds that.
	return transform(norm.NFC.Bytes(out))
}

// strictly is [Canonical] for what others hand in: text that is not NFC is not what was hashed, and is refused.
func strictly(data []byte) ([]byte, error) {
	out, err := transform(data)
	if err == nil && !norm.NFC.IsNormal(out) {
		err = errors.New("canonical JSON: a text is not in Unicode NFC")
	}
	return out, err
}

func transform(data []byte) ([]byte, error) {
	if err := checkTokens(data); err != nil {
		return nil, err
	}
	out, err := jcs.Transform(data)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return out, nil
}

// canonical returns v as canonical JSON.
func canonical(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return Canonical(text)
}

// checkTokens refuses what RFC 8785 lets through or rounds without a word.
func checkTokens(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("canonical JSON: %w", err)
		}
		switch t := token.(type) {
		case json.Number:
			n, err := strconv.ParseInt(t.String(), 10, 64)
			if err != nil || n < -maxNumber || n > maxNumber || strconv.FormatInt(n, 10) != t.String() {
				return fmt.Errorf("canonical JSON: %.40s is no whole number within 2^53-1", t.String())
			}
		case string:
			if strings.ContainsRune(t, 0) {
				return errors.New("canonical JSON: a text holds U+0000")
			}
		}
	}
}
