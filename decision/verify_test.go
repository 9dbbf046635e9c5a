package decision_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	xtlog "golang.org/x/mod/sumdb/tlog"

	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/store"
	"polder.city/store/storetest"
)

// python runs the verifier for residents, and returns its verdict and last line.
func python(t testing.TB, bundle []byte, key string) (ok bool, said string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "decision.json")
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", filepath.Join("testdata", "verify.py"), file, key).CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("python3 for the test: %v (install it, as 'make test' does)", err)
	}
	return err == nil, string(out)
}

// download makes a signed decision, an algorithm's decision among others, and returns the bundle of the latter with one part.
func download(t testing.TB, c *city) []byte {
	t.Helper()
	var number int64
	for i, subject := range []string{"2026-11-20", "2026-11-23", "2026-11-24", "2026-11-25"} {
		if r := c.submit(plan(subject, 0)); i == 2 {
			number = r.Number
		}
	}
	if _, err := c.Bundle(ctx, number, ""); problem.KindOf(err) != problem.Unavailable {
		t.Fatalf("a download before the log was signed: %v", err)
	}
	if _, ok, err := c.Published(ctx, number); ok || err != nil {
		t.Fatalf("published before the log was signed: %v", err)
	}
	c.must(c.log.Sync(ctx))
	c.must(c.AwaitPublished(ctx, number))
	bundle, err := c.Bundle(ctx, number, "FIL-002-G")
	c.must(err)
	return bundle
}

func TestADownloadProvesItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		bundle := download(t, c)
		report, err := decision.Verify(bundle, decision.VerifyOptions{Key: c.key.VKey()})
		if err != nil {
			t.Fatal(err)
		}
		if report.Number != 3 || report.Part != "FIL-002-G" || report.Subject != "2026-11-24" || report.Origin != "polder.example/log" || !report.KeyTrusted || len(report.Steps) != 5 {
			t.Errorf("%+v", report)
		}
		if report, err := decision.Verify(bundle, decision.VerifyOptions{}); err != nil || report.KeyTrusted || report.Key != c.key.VKey() {
			t.Errorf("with the file's own key: %+v, %v", report, err)
		}
		if ok, said := python(t, bundle, c.key.VKey()); !ok {
			t.Errorf("the Python verifier: %s", said)
		}

		// Two foreign libraries on the same file: torchwood's proof verifier, and x/mod's note and tree by hand.
		var b struct {
			Record json.RawMessage
			Proof  string
		}
		c.must(json.Unmarshal(bundle, &b))
		d, err := c.Get(ctx, 3)
		c.must(err)
		if !bytes.Equal(b.Record, d.Raw) {
			t.Error("the record in the file is not the one that was logged")
		}
		verifier, err := note.NewVerifier(c.key.VKey())
		c.must(err)
		policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy("polder.example/log"), torchwood.SingleVerifierPolicy(verifier))
		c.must(torchwood.VerifyProof(policy, xtlog.RecordHash(d.Leaf), []byte(b.Proof)))
		head, signed, _ := strings.Cut(b.Proof, "\n\n")
		n, err := note.Open([]byte(signed), note.VerifierList(verifier))
		c.must(err)
		checkpoint, err := torchwood.ParseCheckpoint(n.Text)
		c.must(err)
		var path xtlog.RecordProof
		for _, line := range strings.Split(head, "\n")[2:] {
			h, err := xtlog.ParseHash(line)
			c.must(err)
			path = append(path, h)
		}
		c.must(xtlog.CheckRecord(path, checkpoint.N, checkpoint.Hash, report.Index, xtlog.RecordHash(d.Leaf)))

		// A part that was downloaded alone, and a human's decision.
		part, err := c.Part(ctx, 3, "FIL-011-R")
		c.must(err)
		if report, err := decision.Verify(bundle, decision.VerifyOptions{Part: part}); err != nil || report.Part != "FIL-011-R" {
			t.Errorf("%+v, %v", report, err)
		}
		r, err := c.Sign(ctx, c.submit(plan("2026-11-26", 3600)).Advice, signature("planner", "no_overtime", "Niemand kan langer blijven."), nil)
		c.must(err)
		c.must(c.log.Sync(ctx))
		human, err := c.Bundle(ctx, r.Number, "")
		c.must(err)
		if report, err := decision.Verify(human, decision.VerifyOptions{Key: c.key.VKey()}); err != nil || report.By.Act != "overruled" || len(report.Steps) != 4 {
			t.Errorf("%+v, %v", report, err)
		}
		if ok, said := python(t, human, c.key.VKey()); !ok {
			t.Errorf("the Python verifier: %s", said)
		}
	})
}

func TestAChangedDownloadIsNotAccepted(t *testing.T) {
	c := newCity(t, storetest.Open(t, filepath.Join(t.TempDir(), "polder.db"))).publish()
	bundle := download(t, c)
	o := decision.VerifyOptions{Key: c.key.VKey()}
	for i := range bundle {
		bad := bytes.Clone(bundle)
		bad[i] ^= 1 << (i % 6)
		if _, err := decision.Verify(bad, o); err == nil {
			t.Fatalf("accepted with byte %d changed: ...%s...", i, bad[max(0, i-20):min(len(bad), i+20)])
		}
	}
	// What JSON lets through without a changed hash, and what would be a lie in the right form.
	text := string(bundle)
	other := newCity(t, storetest.Open(t, filepath.Join(t.TempDir(), "polder.db"))).publish()
	for name, v := range map[string]struct{ old, new, step string }{
		"a field that nothing vouches for": {`{"format":`, `{"note":"x","format":`, decision.StepFile},
		"a field that stands twice":        {`{"format":`, `{"format":"x","format":`, decision.StepFile},
		"a field under another spelling":   {`"proof":`, `"Proof":`, decision.StepFile},
		"more after the end":               {text[len(text)-10:], text[len(text)-10:] + "{}", decision.StepFile},
		"another outcome":                  {`"stops":2,"trucks"`, `"stops":3,"trucks"`, decision.StepLog},
		"another day":                      {`"decidedAt":"2026-11-23`, `"decidedAt":"2026-11-22`, decision.StepLog},
		"another part":                     {`"fill":310000`, `"fill":910000`, decision.StepPart},
		"the part of another container":    {`"id":"FIL-002-G","planned"`, `"id":"FIL-011-R","planned"`, decision.StepPart},
		"the proof of another entry":       {"index ", "index 1", decision.StepLog},
		"another key in the file":          {c.key.VKey(), other.key.VKey(), decision.StepSignature},
		"a float":                          {`"stops":2,"trucks"`, `"stops":2.0,"trucks"`, decision.StepFile},
	} {
		bad := strings.Replace(text, v.old, v.new, 1)
		if bad == text {
			t.Fatalf("%s: the test changes nothing", name)
		}
		report, err := decision.Verify([]byte(bad), o)
		if err == nil || report.Steps[len(report.Steps)-1].Code != v.step {
			t.Errorf("%s: %+v, %v, want a failure at %s", name, report.Steps, err, v.step)
		}
		if ok, said := python(t, []byte(bad), c.key.VKey()); ok && v.step != decision.StepFile {
			t.Errorf("%s: the Python verifier accepts: %s", name, said)
		}
	}
	// Indented on the way it is still the same document.
	var indented bytes.Buffer
	c.must(json.Indent(&indented, bundle, "", "  "))
	if _, err := decision.Verify(indented.Bytes(), o); err != nil {
		t.Errorf("indented: %v", err)
	}
	if ok, said := python(t, indented.Bytes(), c.key.VKey()); !ok {
		t.Errorf("indented, the Python verifier: %s", said)
	}
	if _, err := decision.Verify(bundle, decision.VerifyOptions{Key: other.key.VKey()}); err == nil {
		t.Error("accepted with another city's key")
	}
}

func TestStoredDocumentsThatWereChangedAreFound(t *testing.T) {
	for name, q := range map[string]string{
		"a record":            `UPDATE decision SET record = (SELECT d.record FROM decision d WHERE d.number = 2) WHERE number = 1`,
		"a part":              `UPDATE decision_part SET body = (SELECT p.body FROM decision_part p WHERE p.number = 1 AND p.id = 'FIL-002-G') WHERE number = 2 AND id = 'FIL-002-G'`,
		"a part that is gone": `DELETE FROM decision_part WHERE number = 2 AND id = 'FIL-002-G'`,
		"a refusal":           `UPDATE refusal SET body = (SELECT d.record FROM decision d WHERE d.number = 2)`,
		"a refusal gone":      `DELETE FROM refusal`,
		"a leaf gone":         `DELETE FROM log_leaf WHERE id = (SELECT max(id) FROM log_leaf)`,
		"a hidden decision":   `UPDATE decision SET number = 9 WHERE number = 3`,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				c := newCity(t, db).publish()
				c.submit(plan("1", 0))
				c.submit(plan("2", 0))
				p := plan("3", 0)
				p.Parts = nil
				c.submit(p)
				p.Version = "0"
				c.submit(p)
				c.must(c.Check(ctx))
				c.must(db.Tx(ctx, func(tx *store.Tx) error {
					_, err := tx.Exec(q)
					return err
				}))
				if err := c.Check(ctx); problem.KindOf(err) != problem.Unavailable {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func FuzzVerify(f *testing.F) {
	c := newCity(f, storetest.Open(f, filepath.Join(f.TempDir(), "polder.db"))).publish()
	good := download(f, c)
	report, err := decision.Verify(good, decision.VerifyOptions{Key: c.key.VKey()})
	c.must(err)
	f.Add(good)
	f.Add([]byte(`{"format":"polder.city/decision@v1","key":"","proof":"","record":{}}`))
	f.Add([]byte(`{"format":"polder.city/decision@v1","key":"k","part":{},"proof":"c2sp.org/tlog-proof@v1\nindex 0\n\n","record":{"format":"polder.city/record@v1"}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := decision.Verify(file, decision.VerifyOptions{Key: c.key.VKey()})
		if err == nil && (got.Number != report.Number || got.Index != report.Index) {
			t.Fatalf("a decision that was never made verifies: %+v", got)
		}
	})
}
