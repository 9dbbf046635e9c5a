package decision

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"polder.city/decision/tlog"
	"polder.city/internal/problem"
	"polder.city/register"
)

// The formats of what the log commits to.
const (
	recordFormat  = "polder.city/record@v1"
	adviceFormat  = "polder.city/advice@v1"
	refusalFormat = "polder.city/refusal@v1"
)

// Record is a decision as it is recorded: canonical JSON of which the SHA-256
// stands in the log. The bytes are stored and never written again from this type.
type Record struct {
	Format    string    `json:"format"`
	Number    int64     `json:"number"`
	Kind      string    `json:"kind"`
	Subject   string    `json:"subject"`
	DecidedAt time.Time `json:"decidedAt"` // UTC, whole seconds
	City      string    `json:"city"`      // CBS code of the municipality
	By        By        `json:"by"`
	Option              // what was decided
	Inputs    []Input   `json:"inputs,omitempty"`

	Rules    []string         `json:"rules,omitempty"`    // the council's, that the algorithm's mandate rests on
	Limits   []register.Limit `json:"limits,omitempty"`   // of the algorithm's mandate
	Exceeded []Exceeded       `json:"exceeded,omitempty"` // limits that what was decided goes over

	LegalBasis []string     `json:"legalBasis,omitempty"`
	Remedies   []string     `json:"remedies,omitempty"`
	Replaces   int64        `json:"replaces,omitempty"`
	Sealed     []SealedHash `json:"sealed,omitempty"`
	Simulated  bool         `json:"simulated"`
	Origin     string       `json:"origin,omitempty"`
	Salt       string       `json:"salt"` // 128 random bits in hexadecimal
}

// Option is an outcome with its grounds.
type Option struct {
	Choice   string           `json:"choice,omitempty"` // the alternative's id; empty for what the algorithm proposed
	Outcome  json.RawMessage  `json:"outcome"`
	Measures map[string]int64 `json:"measures,omitempty"`
	Reasons  []Reason         `json:"reasons,omitempty"`
	Parts    []PartHash       `json:"parts,omitempty"` // by id
}

// By says who decided: an algorithm, or an official in a role on an algorithm's advice.
type By struct {
	Algorithm string     `json:"algorithm,omitempty"`
	Version   string     `json:"version,omitempty"`
	Role      string     `json:"role,omitempty"`
	Mandate   string     `json:"mandate,omitempty"`
	EntryHash string     `json:"entryHash,omitempty"` // SHA-256 of the publication in the register that gives the mandate
	Act       string     `json:"act,omitempty"`       // signed or overruled; empty when an algorithm decided
	Motive    string     `json:"motive,omitempty"`
	Advice    *AdviceRef `json:"advice,omitempty"`
}

// AdviceRef points to the advice that an official decided on.
type AdviceRef struct {
	ID       int64      `json:"id"`
	SHA256   string     `json:"sha256"` // of the advice's canonical JSON
	By       By         `json:"by"`
	Exceeded []Exceeded `json:"exceeded,omitempty"` // why the algorithm could not decide
}

// PartHash commits to a part.
type PartHash struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"` // of the part's canonical JSON, which holds a salt
}

// SealedHash commits to a sealed field, as SD-JWT (RFC 9901) does: the hash is
// over the base64url text of the JSON array [salt, name, value].
type SealedHash struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Ground string `json:"ground"`
}

// Exceeded is a limit of a mandate that a proposal goes over.
type Exceeded struct {
	Measure string `json:"measure"`
	Limit   int64  `json:"limit"`
	Value   int64  `json:"value"`
	Missing bool   `json:"missing,omitempty"` // the proposal does not give the measure
}

// AdviceBody is an advice as the log commits to it: canonical JSON.
type AdviceBody struct {
	Format  string    `json:"format"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	At      time.Time `json:"at"` // UTC, whole seconds
	City    string    `json:"city"`
	By      By        `json:"by"`
	Role    string    `json:"role"`    // who is asked to sign
	Options []Option  `json:"options"` // the first is what the algorithm proposes
	Inputs  []Input   `json:"inputs,omitempty"`

	Rules    []string         `json:"rules,omitempty"`
	Limits   []register.Limit `json:"limits,omitempty"`
	Exceeded []Exceeded       `json:"exceeded,omitempty"` // by the first option; empty when the mandate is only to advise

	LegalBasis []string     `json:"legalBasis,omitempty"`
	Remedies   []string     `json:"remedies,omitempty"`
	Replaces   int64        `json:"replaces,omitempty"`
	Sealed     []SealedHash `json:"sealed,omitempty"`
	Simulated  bool         `json:"simulated"`
	Origin     string       `json:"origin,omitempty"`
	Salt       string       `json:"salt"`
}

// RefusalBody is a refusal as the log commits to it: canonical JSON.
type RefusalBody struct {
	Format    string    `json:"format"`
	Kind      string    `json:"kind"`
	Subject   string    `json:"subject"`
	At        time.Time `json:"at"` // UTC, whole seconds
	City      string    `json:"city"`
	By        By        `json:"by"`
	Code      string    `json:"code"` // why, one of register's codes
	Simulated bool      `json:"simulated"`
	Origin    string    `json:"origin,omitempty"`
	Salt      string    `json:"salt"`
}

// exceeded holds measures against limits.
func exceeded(limits []register.Limit, measures map[string]int64) []Exceeded {
	var out []Exceeded
	for _, l := range limits {
		value, ok := measures[l.Measure]
		if !ok || value > l.AtMost {
			out = append(out, Exceeded{l.Measure, l.AtMost, value, !ok})
		}
	}
	return out
}

// partBody is a part as it will be stored.
type partBody struct {
	id   string
	body []byte
}

// makeOption commits to an outcome and its parts.
func makeOption(id string, outcome json.RawMessage, measures map[string]int64, reasons []Reason, parts []Part) (Option, []partBody, error) {
	bodies := make([]partBody, len(parts))
	o := Option{Choice: id, Outcome: outcome, Measures: measures, Reasons: reasons, Parts: make([]PartHash, len(parts))}
	for i, p := range parts {
		body, err := makePart(p)
		if err != nil {
			return Option{}, nil, problem.New(problem.Invalid, "proposal.parts", "The part %q cannot be recorded: %v.", p.ID, err).At("parts/" + p.ID)
		}
		bodies[i] = partBody{p.ID, body}
		o.Parts[i] = PartHash{p.ID, sha(body)}
	}
	slices.SortFunc(o.Parts, func(a, b PartHash) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(o.Parts); i++ {
		if o.Parts[i].ID == o.Parts[i-1].ID {
			return Option{}, nil, problem.New(problem.Invalid, "proposal.parts", "The part %q is there twice.", o.Parts[i].ID).At("parts/" + o.Parts[i].ID)
		}
	}
	// Now, outside the transaction, is the time to find out that it cannot be written.
	if _, err := canonical(o); err != nil {
		return Option{}, nil, problem.New(problem.Invalid, "proposal.outcome", "The outcome cannot be recorded: %v.", err).At("outcome")
	}
	return o, bodies, nil
}

// makePart writes a part with its id and a salt of its own, so that the hashes
// of the other parts tell nothing about them.
func makePart(p Part) ([]byte, error) {
	body, err := Canonical(p.Body)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	id, err := canonical(p.ID)
	if err != nil || p.ID == "" {
		return nil, fmt.Errorf("no id")
	}
	if own, ok := fields["id"]; ok && string(own) != string(id) {
		return nil, fmt.Errorf("it has another id, %s", own)
	}
	if _, ok := fields["salt"]; ok {
		return nil, fmt.Errorf("it has a salt already")
	}
	if fields == nil {
		return nil, fmt.Errorf("no JSON object")
	}
	fields["id"], fields["salt"] = id, json.RawMessage(`"`+newSalt()+`"`)
	return canonical(fields)
}

// seal commits to a field, and returns what must be kept to open it.
func seal(f SealedField) (SealedHash, string, error) {
	text, err := canonical([]string{newSalt(), f.Name, f.Value})
	if err != nil {
		return SealedHash{}, "", fmt.Errorf("sealed field %s: %w", f.Name, err)
	}
	disclosure := base64.RawURLEncoding.EncodeToString(text)
	return SealedHash{f.Name, sha([]byte(disclosure)), f.Ground}, disclosure, nil
}

// newSalt returns 128 random bits in hexadecimal: a hash of something that can
// be guessed, without a salt, is that something.
func newSalt() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// sha returns the SHA-256 of data in hexadecimal.
func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// logEntry returns the log's entry for a document.
func logEntry(sort, kind, mandate string, at time.Time, document []byte) ([]byte, error) {
	if mandate == "" {
		mandate = "-"
	}
	return tlog.Leaf{Sort: sort, Kind: kind, Mandate: mandate, Day: at.UTC().Format(time.DateOnly), SHA256: sha256.Sum256(document)}.Bytes()
}
