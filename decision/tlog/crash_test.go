package tlog

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"polder.city/internal/clock"
	"polder.city/store"
	"polder.city/store/storetest"
)

// The environment by which TestMain knows that it is the process to be killed.
const (
	envStep = "POLDER_TLOG_KILL_AT"
	envDSN  = "POLDER_TLOG_DSN"
	envKey  = "POLDER_TLOG_KEY"
	envFile = "POLDER_TLOG_STATE"
	envFrom = "POLDER_TLOG_FROM"
)

// TestMain lets this binary be the server that is killed: it appends seven
// entries, says so, and kills itself without any goodbye at the step that it was told.
func TestMain(m *testing.M) {
	if os.Getenv(envStep) == "" {
		os.Exit(m.Run())
	}
	if err := untilKilled(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(2) // it was to be killed
}

const perRun = 7

func untilKilled() error {
	ctx := context.Background()
	db, err := store.Open(ctx, os.Getenv(envDSN), store.Options{})
	if err != nil {
		return err
	}
	key, err := LoadKey(os.Getenv(envKey))
	if err != nil {
		return err
	}
	l, err := Open(ctx, db, clock.Real(), Options{Key: key, State: os.Getenv(envFile)})
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(os.Getenv(envFrom))
	if err != nil {
		return err
	}
	for i := range perRun {
		err := db.Tx(ctx, func(tx *store.Tx) error { return l.Append(ctx, tx, crashEntry(from+i)) })
		if err != nil {
			return err
		}
	}
	fmt.Println("appended") // from here on these entries are promised
	l.step = func(name string) error {
		if name == os.Getenv(envStep) {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	return l.Sync(ctx)
}

func crashEntry(i int) []byte { return fmt.Appendf(nil, "crash %d\n", i) }

func TestKilledAtAnyStepTheLogGoesOn(t *testing.T) {
	steps := []string{"placed", "sequenced", "recorded", "signed", "published"}
	run := func(t *testing.T, dsn string) {
		ctx := context.Background()
		dir := t.TempDir()
		keyFile, state := filepath.Join(dir, "log.key"), filepath.Join(dir, "log.state")
		if err := GenerateKey(keyFile, testOrigin); err != nil {
			t.Fatal(err)
		}
		key, err := LoadKey(keyFile)
		if err != nil {
			t.Fatal(err)
		}
		var seen [][]byte // checkpoints that a reader may have got
		for i, step := range steps {
			kill := exec.Command(os.Args[0])
			kill.Env = append(os.Environ(), envStep+"="+step, envDSN+"="+dsn, envKey+"="+keyFile, envFile+"="+state, envFrom+"="+strconv.Itoa(i*perRun))
			var stdout, stderr bytes.Buffer
			kill.Stdout, kill.Stderr = &stdout, &stderr
			err := kill.Run()
			if status, ok := kill.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL || stdout.String() != "appended\n" {
				t.Fatalf("step %s: the server was not killed after its promise: %v: %s%s", step, err, stdout.String(), stderr.String())
			}
			func() {
				db, err := store.Open(ctx, dsn, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
				}()
				l := openLog(t, db, key, state)
				if s := status(t, l); s.Checkpoint != nil {
					seen = append(seen, s.Checkpoint)
				}
				if s := status(t, l); s.Frozen != nil {
					t.Fatalf("killed at %s: the log is not signed any more: %v", step, s.Frozen)
				}
				mustSync(t, l)
				if s := status(t, l); s.Published != int64((i+1)*perRun) || s.Waiting != 0 {
					t.Fatalf("killed at %s: %+v", step, s)
				}
				for j := range (i + 1) * perRun {
					if _, err := l.Prove(ctx, crashEntry(j)); err != nil {
						t.Fatalf("killed at %s: entry %d: %v", step, j, err)
					}
				}
				seen = append(seen, status(t, l).Checkpoint)
				for _, checkpoint := range seen {
					if !continued(t, l, signedTree(t, key, checkpoint)) {
						t.Fatalf("killed at %s: the log does not continue what was published", step)
					}
				}
				if err := l.Check(ctx); err != nil {
					t.Fatal(err)
				}
			}()
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, filepath.Join(t.TempDir(), "polder.db")) })
	t.Run("postgres", func(t *testing.T) { run(t, storetest.PostgresDSN(t)) })
}

func TestASuccessorNamesWhatWasLost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		key, file := newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state")
		l := openLog(t, db, key, file)
		appendEntries(t, db, l, "a", 0, 5)
		mustSync(t, l)
		keep(t, db)
		appendEntries(t, db, l, "a", 5, 10)
		mustSync(t, l)
		lost := signedTree(t, key, status(t, l).Checkpoint)
		lastState, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		putBack(t, db)
		appendEntries(t, db, l, "b", 0, 3) // decided while nothing was signed
		l = openLog(t, db, key, file)
		if s := status(t, l); s.Frozen == nil {
			t.Fatal("not frozen")
		}
		if err := l.Successor(ctx, newKey(t, testOrigin)); code(err) != "log.successor.name" {
			t.Fatalf("a successor of the same name: %v", err)
		}
		next := newKey(t, testOrigin+"/2")
		if err := l.Successor(ctx, next); err != nil {
			t.Fatal(err)
		}
		// Killed between the database and the state file: the old state is still there.
		if err := os.WriteFile(file, lastState, 0o600); err != nil {
			t.Fatal(err)
		}
		l = openLog(t, db, next, file)
		mustSync(t, l)
		s := status(t, l)
		if s.Origin != next.Origin() || s.Published != 4 || !s.Signs || len(s.Earlier) != 1 || s.Earlier[0].Published != 5 || s.Earlier[0].SuccessorFoundSize != 10 {
			t.Fatalf("%+v", s)
		}
		first := fmt.Sprintf("polder.city/leaf@v1 successor %s 10 %s kept 5\n", testOrigin, lost.Hash)
		if in, err := l.Prove(ctx, []byte(first)); err != nil || in.Index != 0 || in.VKey != next.VKey() {
			t.Fatalf("the first leaf: %+v, %v", in, err)
		}
		if in, err := l.Prove(ctx, entry(t, "a", 4)); err != nil || in.VKey != key.VKey() || in.Index != 4 {
			t.Fatalf("a leaf of the old log: %+v, %v", in, err)
		}
		if in, err := l.Prove(ctx, entry(t, "b", 2)); err != nil || in.VKey != next.VKey() {
			t.Fatalf("a leaf of the new log: %+v, %v", in, err)
		}
		if err := l.Check(ctx); err != nil {
			t.Fatal(err)
		}
		// The old key cannot come back.
		if err := openLog(t, db, key, file).Sync(ctx); code(err) != "log.key.other" {
			t.Fatalf("the old key: %v", err)
		}
	})
}

func TestKeyFilesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.key")
	if err := GenerateKey(path, testOrigin); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if err := GenerateKey(path, testOrigin); code(err) != "log.key.exists" {
		t.Fatalf("a key was overwritten: %v", err)
	}
	for mode, want := range map[os.FileMode]string{0o640: "log.key.open", 0o604: "log.key.open", 0o660: "log.key.open"} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); code(err) != want {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("PRIVATE+KEY+x+00000000+AAAA"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); code(err) != "log.key.damaged" {
		t.Errorf("a damaged key: %v", err)
	}
	if _, err := LoadKey(path + ".none"); code(err) != "log.key.missing" {
		t.Errorf("no key: %v", err)
	}
	for _, origin := range []string{"", "a b", "a+b"} {
		if err := GenerateKey(path+".x", origin); code(err) != "log.origin" {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
}

func TestTheVectorOfTheSignedNoteSpecification(t *testing.T) {
	const vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	const signed = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	// It is a note and no checkpoint: the signature holds, the form does not.
	if _, err := openCheckpoint(vkey, []byte(signed)); err == nil || err.Error() != "checkpoint: not three lines" {
		t.Fatal(err)
	}
}

func TestAProofHasOneSpelling(t *testing.T) {
	db := storetest.Open(t, filepath.Join(t.TempDir(), "polder.db"))
	key := newKey(t, testOrigin)
	l := openLog(t, db, key, filepath.Join(t.TempDir(), "log.state"))
	appendEntries(t, db, l, "a", 0, 9)
	mustSync(t, l)
	in, err := l.Prove(context.Background(), entry(t, "a", 7))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(text []byte, e []byte) error {
		p, err := ParseProof(text)
		if err != nil {
			return err
		}
		_, tree, err := p.Tree()
		if err != nil {
			return err
		}
		if err := p.Check(e, tree); err != nil {
			return err
		}
		return p.Open(key.VKey())
	}
	if err := verify(in.Proof, entry(t, "a", 7)); err != nil {
		t.Fatal(err)
	}
	if verify(in.Proof, entry(t, "a", 6)) == nil {
		t.Fatal("the proof of another entry was accepted")
	}
	// Each way that torchwood or transparency-dev/formats accept, and each single flipped bit.
	text := string(in.Proof)
	for _, bad := range []string{
		replaceOnce(text, "index 7", "index 07"), replaceOnce(text, "index 7", "index +7"), replaceOnce(text, "index 7", "extra AAAA\nindex 7"),
		replaceOnce(text, "\n", "\r\n"), text + "\n", text + "x", replaceOnce(text, "@v1", "@v2"),
	} {
		if verify([]byte(bad), entry(t, "a", 7)) == nil {
			t.Errorf("accepted %q", bad)
		}
	}
	for i := range in.Proof {
		for bit := range 8 {
			bad := bytes.Clone(in.Proof)
			bad[i] ^= 1 << bit
			if verify(bad, entry(t, "a", 7)) == nil {
				t.Fatalf("accepted with bit %d of byte %d flipped: %q", bit, i, bad)
			}
		}
	}
}

func replaceOnce(s, old, new string) string {
	return string(bytes.Replace([]byte(s), []byte(old), []byte(new), 1))
}

func FuzzParseProof(f *testing.F) {
	f.Add([]byte(proofFormat + "\nindex 0\n\nx\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— x AAAAAA==\n"))
	f.Add([]byte(proofFormat + "\nindex 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProof(text)
		if err != nil {
			return
		}
		if string(FormatProof(p)) != string(text) {
			t.Fatal("another text gives the same proof")
		}
		if _, tree, err := p.Tree(); err == nil && p.Check([]byte("x"), tree) == nil && tree.N > 1 {
			t.Fatal("a path was found")
		}
	})
}

func FuzzParseLeaf(f *testing.F) {
	f.Add([]byte("polder.city/leaf@v1 decision collection.plan plan 2026-11-23 " + hex.EncodeToString(bytes.Repeat([]byte{7}, 32)) + "\n"))
	f.Add([]byte("polder.city/leaf@v1 stop - - - 00\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := ParseLeaf(text)
		if err != nil {
			return
		}
		if again, err := l.Bytes(); err != nil || string(again) != string(text) {
			t.Fatalf("%q became %q, %v", text, again, err)
		}
	})
}

func TestALeafIsSmallAndCommits(t *testing.T) {
	word := "abcdefghijklmnopqrstuvwxyz01234567890-._"
	l := Leaf{Sort: "decision", Kind: word, Mandate: word, Day: "2026-11-23"}
	if _, err := rand.Read(l.SHA256[:]); err != nil {
		t.Fatal(err)
	}
	text, err := l.Bytes()
	if err == nil && len(text) > maxLeaf {
		err = fmt.Errorf("%d bytes", len(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "a b", "a\nb", word + "x", "é", "-x"} {
		if _, err := (Leaf{Sort: "decision", Kind: bad, Mandate: "-", Day: "-"}).Bytes(); err == nil {
			t.Errorf("the kind %q was accepted", bad)
		}
	}
	if n := len(successorLeaf(state{Origin: string(bytes.Repeat([]byte("o"), maxOrigin)), Size: 1<<53 - 1}, 1<<53-1)); n > maxLeaf {
		t.Errorf("a successor's leaf may have %d bytes", n)
	}
}
