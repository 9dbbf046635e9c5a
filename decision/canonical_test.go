package decision_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"polder.city/decision"
)

func TestCanonicalFormIsThatOfRFC8785(t *testing.T) {
	for in, want := range map[string]string{
		` { "b" : 1 , "a" : [ true , null , "x" ] } `: `{"a":[true,null,"x"],"b":1}`,
		// Section 3.2.3, without its Hebrew letter, which NFC takes apart, and with one that sorts by its
		// UTF-16 code unit after the emoji's and by its code point before it.
		`{"\u20ac":"Euro","\r":"CR","\uffee":"Circle","1":"One","\ud83d\ude00":"Smiley","\u0080":"Control","\u00f6":"o"}`: "{\"\\r\":\"CR\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"o\",\"€\":\"Euro\",\"😀\":\"Smiley\",\"\uffee\":\"Circle\"}",
		`"\u000F\u000aA'\u0042\u0022\u005c\\\"\/"`: `"\u000f\nA'B\"\\\\\"/"`, // section 3.2.2.2
		`9007199254740991`:                         `9007199254740991`,
		`-9007199254740991`:                        `-9007199254740991`,
		`"Cafe\u0301"`:                             `"Café"`,
		`"<&>"`:                                    `"<&>"`,
	} {
		got, err := decision.Canonical([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, want %q, %v", in, got, want, err)
		}
	}
	for _, bad := range []string{
		`1.0`, `1e2`, `-0`, `9007199254740992`, `-9007199254740992`, `0.5`, `1E400`, `123456789012345678901234567890`,
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"é":1,"e\u0301":2}`, `"\u0000"`, `{"\u0000":1}`, `"\ud800"`, "\"\xff\"", `01`, `+1`, `.5`, `[1,]`, `{} {}`, `nul`, ``, `NaN`, "\"\n\"",
	} {
		if got, err := decision.Canonical([]byte(bad)); err == nil {
			t.Errorf("%s: accepted as %s", bad, got)
		}
	}
}

func TestCanonicalFormStaysAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := document(3).Draw(t, "document")
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		once, err := decision.Canonical(text)
		if err != nil {
			return // two names that NFC makes one, or U+0000
		}
		twice, err := decision.Canonical(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, %v", once, twice, err)
		}
	})
}

// document generates JSON values of texts, whole numbers, lists and objects.
func document(depth int) *rapid.Generator[any] {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("aé\"\\\n\t\u001f\u007f\u2028😀\ufb33<>&/"))))
	scalar := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-1<<53+1, 1<<53-1), func(n int64) any { return n }),
		rapid.SampledFrom([]any{true, false, nil}),
	)
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(document(depth-1), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(text, document(depth-1), 0, 4), func(m map[string]any) any { return m }))
}

// TestPythonWritesTheSameCanonicalForm compares ours with the encoder of the
// verifier for residents, another implementation in another language.
func TestPythonWritesTheSameCanonicalForm(t *testing.T) {
	var lines bytes.Buffer
	var want []string
	gen := document(3)
	for seed := range 300 {
		text, err := json.Marshal(gen.Example(seed))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := decision.Canonical(text)
		if err != nil {
			continue
		}
		want = append(want, string(ours))
		// Handed over in another spelling, with everything escaped that can be.
		lines.Write(bytes.ReplaceAll(ours, []byte("/"), []byte(`\/`)))
		lines.WriteByte('\n')
	}
	cmd := exec.Command("python3", "-c", `
import sys, json
sys.path.insert(0, "testdata"); sys.dont_write_bytecode = True
from verify import canonical
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(canonical(json.loads(line)).encode() + b"\n")
`)
	cmd.Stdin = &lines
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) || len(want) < 200 {
		t.Fatalf("%d documents came back of %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Python writes %q, we write %q", got[i], want[i])
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":[1,{"c":"é"}],"a":null}`, `"Cafe\u0301"`, `{"a":1,"a":2}`, `-0`, `"\ud83d\ude00"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := decision.Canonical(text)
		if err != nil {
			return
		}
		if twice, err := decision.Canonical(once); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, %v", once, twice, err)
		}
	})
}
