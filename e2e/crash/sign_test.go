package crash

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// strict is a city whose algorithm may decide nothing alone: a copy of the test city in which no plan has few enough stops.
func strict(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(city)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "register", "inzamelplan.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const old = "{measure: overtime_max_s, at_most: 1800}"
	if !strings.Contains(string(text), old) {
		t.Fatalf("no %q in %s", old, file)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, "{measure: stops, at_most: 0}", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// served is a running 'polder serve', and a reader that is signed in.
type served struct {
	cmd     *exec.Cmd
	address string
	reader  *http.Client
}

func (p *installed) serve(t *testing.T, jar http.CookieJar) *served {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address")
	s := &served{cmd: p.command("serve", "--listen", "127.0.0.1:0", "--no-plans", "--address-file", file), reader: &http.Client{Jar: jar, Timeout: time.Minute}}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill() })
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
			s.address = "http://" + strings.TrimPrefix(strings.TrimSpace(string(text)), "http://")
			return s
		}
	}
	t.Fatal("it does not listen")
	return nil
}

func (s *served) kill() {
	_ = s.cmd.Process.Kill() // fails when it is dead already
	_ = s.cmd.Wait()
}

// open returns the answer's address and text; an error when nobody answers.
func (s *served) open(path string, form url.Values) (at, body string, err error) {
	r, err := s.reader.Get(s.address + path)
	if form != nil {
		r, err = s.reader.PostForm(s.address+path, form)
	}
	if err != nil {
		return "", "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return r.Request.URL.Path, string(text), err
}

// What an official signed and saw confirmed is signed after a kill; what was not confirmed is signed or open, never half.
func TestKilledWhileAnOfficialSigns(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p := install(t, strict(t))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := p.serve(t, jar)
	if at, body, err := s.open("/welkom", url.Values{"code": {p.code}, "password": {"een lang en goed wachtwoord"}}); err != nil || at != "/werk" {
		t.Fatalf("the first official ends at %s: %v: %s", at, err, body)
	}
	day := p.nextWorkday(t)
	for range rounds {
		before := p.number(t, `SELECT count(*) FROM decision`)
		p.must(t, "plan", "--date", day, "--rounds", "30")
		_, body, err := s.open("/werk", nil)
		if err != nil {
			t.Fatal(err)
		}
		advice := regexp.MustCompile(`/werk/advies/\d+`).FindString(body)
		if advice == "" {
			t.Fatalf("no advice waits: %s", body)
		}
		after := time.Duration(random.Int64N(int64(60 * time.Millisecond)))
		timer := time.AfterFunc(after, s.kill)
		at, _, signErr := s.open(advice, url.Values{"choice": {"advised"}})
		timer.Stop()
		s.kill()
		confirmed := signErr == nil && strings.HasPrefix(at, "/besluiten/")
		decided := p.number(t, `SELECT count(*) FROM decision`) - before
		t.Logf("killed after %v: confirmed %t, %d decisions", after, confirmed, decided)
		if confirmed && decided != 1 || decided > 1 {
			t.Errorf("%d decisions of one signature, which was confirmed: %t", decided, confirmed)
		}
		s = p.serve(t, jar)
		if decided == 0 { // the official signs again, in the session that was begun before the kill
			if at, body, err := s.open(advice, url.Values{"choice": {"advised"}}); err != nil || !strings.HasPrefix(at, "/besluiten/") {
				t.Fatalf("signing again ends at %s: %v: %s", at, err, body)
			}
		}
		if n := p.number(t, `SELECT count(*) FROM decision`) - before; n != 1 {
			t.Errorf("%d decisions", n)
		}
		p.agree(t)
		p.must(t, "check", "--date", day)
	}
}

// A network is there as a whole or not at all, and the same import again makes it whole.
func TestKilledWhileStreetsAreImported(t *testing.T) {
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	p := build(t)
	var took time.Duration // of an import that is let alone, the first
	for round := range rounds + 1 {
		p.folder = fmt.Sprintf("stad-%d", round)
		p.must(t, "init", "--city", city, p.path(p.folder))
		if round == 0 {
			began := time.Now()
			p.must(t, "roads", "import", streets)
			took = time.Since(began)
			continue
		}
		p.killed(t, time.Duration(random.Int64N(int64(took))), "roads", "import", streets)
		stored := p.number(t, `SELECT count(*) FROM street_network`)
		if again := p.must(t, "roads", "import", streets); stored > 0 && !strings.Contains(again, "Nothing changed") {
			t.Errorf("the streets are stored, and yet importing them again says: %s", again)
		}
		if again := p.must(t, "roads", "import", streets); !strings.Contains(again, "Nothing changed") {
			t.Errorf("the same file again: %s", again)
		}
	}
}
