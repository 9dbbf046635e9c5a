package web

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"

	"polder.city/decision"
	"polder.city/decision/tlog"
)

var update = flag.Bool("update", false, "write the files that tests compare with anew")

// vector makes a decision in a log of eleven leaves, with a key that is known to all.
func vector(t *testing.T) []byte {
	t.Helper()
	canonical := func(v any) json.RawMessage {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = decision.Canonical(text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	part := canonical(map[string]any{"id": "FIL-014-R", "outcome": "wacht", "reason": "heeft morgen nog plaats", "salt": strings.Repeat("5a", 16)})
	sum := sha256.Sum256(part)
	record := canonical(map[string]any{
		"format": "polder.city/record@v1", "number": 7, "kind": "collection.plan", "subject": "2026-11-25", "decidedAt": "2026-11-24T15:00:00Z",
		"city": "GM0034", "by": map[string]any{"algorithm": "inzamelplan", "version": "1.3", "mandate": "inzamelplan.vaststellen"},
		"outcome": map[string]any{"lifts": 196}, "parts": []any{map[string]any{"id": "FIL-014-R", "sha256": hex.EncodeToString(sum[:])}},
		"simulated": true, "origin": "demo/almere", "salt": strings.Repeat("a5", 16),
	})
	leaf, err := tlog.Leaf{Sort: "decision", Kind: "collection.plan", Mandate: "inzamelplan.vaststellen", Day: "2026-11-24", SHA256: sha256.Sum256(record)}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	const size, index = 11, 6
	var hashes []sumdb.Hash
	reader := sumdb.HashReaderFunc(func(at []int64) ([]sumdb.Hash, error) {
		got := make([]sumdb.Hash, len(at))
		for i, n := range at {
			got[i] = hashes[n]
		}
		return got, nil
	})
	for n := int64(0); n < size; n++ {
		entry := []byte(fmt.Sprintf("leaf %d\n", n))
		if n == index {
			entry = leaf
		}
		more, err := sumdb.StoredHashes(n, entry, reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
	root, err := sumdb.TreeHash(size, reader)
	if err != nil {
		t.Fatal(err)
	}
	path, err := sumdb.ProveRecord(size, index, reader)
	if err != nil {
		t.Fatal(err)
	}
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	vkey, err := note.NewEd25519VerifierKey("example.com/log", private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("example.com/log\n%d\n%s\n", size, root)}, signer{verifier, private})
	if err != nil {
		t.Fatal(err)
	}
	proof := tlog.FormatProof(tlog.Proof{Index: index, Path: path, Checkpoint: signed})
	return canonical(map[string]any{"format": "polder.city/decision@v1", "record": record, "part": part, "proof": string(proof), "key": vkey})
}

// signer signs notes with a private key that a verifier knows.
type signer struct {
	note.Verifier
	key ed25519.PrivateKey
}

// Sign signs a message.
func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func TestTheVectorOfTheBrowsersVerifierIsOneThatPolderVerifyAccepts(t *testing.T) {
	got := vector(t)
	if *update {
		if err := os.WriteFile("testdata/decision.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/decision.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("testdata/decision.json differs: run with -update, then npm test")
	}
	report, err := decision.Verify(want, decision.VerifyOptions{})
	if err != nil {
		t.Fatalf("%v\n%+v", err, report)
	}
	if report.Part != "FIL-014-R" || report.Index != 6 {
		t.Errorf("report %+v", report)
	}
}
