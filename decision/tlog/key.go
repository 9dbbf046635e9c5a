package tlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"polder.city/internal/problem"
)

// maxOrigin keeps the leaf that names an origin under 200 bytes.
const maxOrigin = 60

// Key is the log's signing key: an Ed25519 note key whose name is the log's origin.
type Key struct {
	signer note.Signer
	vkey   string
}

// Origin returns the name of the log that the key signs.
func (k *Key) Origin() string { return k.signer.Name() }

// VKey returns the public key as C2SP signed-note writes it: name+ID+base64.
func (k *Key) VKey() string { return k.vkey }

// GenerateKey makes a key for a log named origin (a URL without its scheme, at
// most 60 bytes) and writes it to a new file that only its owner may read.
func GenerateKey(path, origin string) error {
	if len(origin) > maxOrigin {
		return problem.New(problem.Invalid, "log.origin.long", "The log's name %q is longer than %d bytes.", origin, maxOrigin).Do("Choose a shorter one.")
	}
	skey, _, err := note.GenerateKey(rand.Reader, origin)
	if err == nil {
		_, err = parseKey(skey) // GenerateKey takes any name, and reading it back does not
	}
	if err != nil {
		return problem.New(problem.Invalid, "log.origin", "The log's name %q cannot be used.", origin).
			Do("Use a name without spaces and without +, such as log.example.org.").Cause(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return problem.New(problem.Conflict, "log.key.exists", "The key file %s exists already.", path).
			Do("Keep it: the log can be signed with no other. A new log needs another file.")
	}
	if err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	_, err = f.WriteString(skey + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("log key %s: %w", path, err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("log key %s: %w", path, err)
	}
	return nil
}

// LoadKey reads the key file at path. It refuses a file that others may read.
func LoadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, problem.New(problem.NotFound, "log.key.missing", "The log's key file %s is not there.", path).
			Do("Put it back; without it Polder serves the log and does not sign.").Cause(err)
	}
	if err != nil {
		return nil, fmt.Errorf("log key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, problem.New(problem.Forbidden, "log.key.open", "Others may read the log's key file %s.", path).
			Do("Run 'chmod 600 %s'. If somebody may have copied it, start a successor with 'polder log successor'.", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("log key: %w", err)
	}
	key, err := parseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, problem.New(problem.Invalid, "log.key.damaged", "The file %s holds no log key.", path).Do("Put the right file back.").Cause(err)
	}
	return key, nil
}

// parseKey reads a private note key, PRIVATE+KEY+name+ID+base64(0x01 || seed), and derives its public half.
func parseKey(skey string) (*Key, error) {
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(strings.SplitN(skey, "+", 5)[4]) // NewSigner found five fields
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, errors.New("no Ed25519 seed")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	return &Key{signer: signer, vkey: vkey}, nil
}
