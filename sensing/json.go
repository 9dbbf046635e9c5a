package sensing

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"polder.city/internal/problem"
)

// maxJSONDepth is how deeply JSON that is stored may be nested.
const maxJSONDepth = 64

// CheckJSON refuses what is not JSON that both databases can keep and look into:
// besides broken texts U+0000, half of a surrogate pair, numbers over 64 bits,
// and nesting over 64 levels. where names the field for the sender.
func CheckJSON(where string, data []byte) *problem.Error {
	refuse := func(code, message, way string) *problem.Error {
		return problem.New(problem.Invalid, code, "%s", message).At(where).Do("%s", way)
	}
	switch {
	case !utf8.Valid(data) || !json.Valid(data):
		return refuse("json.invalid", "This is no JSON.", "Check its quotes and brackets, and that it is UTF-8.")
	case HasNUL(data):
		return refuse("text.nul", "A text holds the character U+0000.", "Remove it.")
	case loneSurrogate(data):
		return refuse("text.surrogate", "A text holds half of a character.", "Write the character itself, or both halves of its pair.")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for depth := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refuse("json.invalid", "This is no JSON.", "Check its quotes and brackets.")
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
			if depth > maxJSONDepth {
				return refuse("json.deep", "The JSON is nested too deeply.", "Use at most 64 levels.")
			}
		case json.Number:
			if v, err := strconv.ParseFloat(token.String(), 64); err != nil || math.IsInf(v, 0) || len(token) > 400 {
				return refuse("json.number", "A number is too large.", "Use numbers that fit in 64 bits, or quote them.")
			}
		}
	}
}

// HasNUL reports whether a JSON text holds U+0000, written as such or as an escape.
func HasNUL(data []byte) bool {
	found := bytes.IndexByte(data, 0) >= 0
	escapes(data, func(_ int, code uint64) { found = found || code == 0 })
	return found
}

// loneSurrogate reports whether an escape is half of a surrogate pair without the other half beside it.
func loneSurrogate(data []byte) bool {
	lone := false
	wanted := -1 // where the low half of the pair must stand; -1 for none
	escapes(data, func(at int, code uint64) {
		low := code >= 0xDC00 && code <= 0xDFFF
		if low != (at == wanted) || (wanted >= 0 && at != wanted) {
			lone = true
		}
		wanted = -1
		if code >= 0xD800 && code <= 0xDBFF {
			wanted = at + 6
		}
	})
	return lone || wanted >= 0
}

// escapes calls f with every \uXXXX of a JSON text, and where it stands.
func escapes(data []byte, f func(at int, code uint64)) {
	for at := 0; ; at += 2 {
		i := bytes.IndexByte(data[at:], '\\')
		if i < 0 {
			return
		}
		if at += i; at+6 > len(data) || data[at+1] != 'u' {
			continue
		}
		if code, err := strconv.ParseUint(string(data[at+2:at+6]), 16, 32); err == nil {
			f(at, code)
		}
	}
}
