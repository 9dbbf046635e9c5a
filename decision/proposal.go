package decision

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"polder.city/internal/problem"
)

// Proposal is what an algorithm hands to the gate: an outcome, and all that led to it.
type Proposal struct {
	Kind    string // of decision: "collection.plan"
	Subject string // what it is about; of a kind and subject one decision holds at a time

	Algorithm, Version string // as the register has them

	Inputs   []Input
	Measures map[string]int64 // held against the mandate's limits; one that is missing counts as exceeded

	Outcome    json.RawMessage // any JSON without floats
	Reasons    []Reason
	LegalBasis []string
	Remedies   []string // melding, mens, klacht, bezwaar, zienswijze: what the kind permits
	Parts      []Part

	// Asked says that an official asked for it: it becomes an advice for him or her to sign, whatever the algorithm may decide alone.
	Asked bool

	Replaces     int64         // the number of the decision that holds now, 0 for none; another number is a conflict
	Alternatives []Alternative // what an official may choose instead, should it become an advice

	Origin    string // the system that it was made in, when that is not Polder's own
	Simulated bool   // made from simulated data
	Sealed    []SealedField
}

// Input is a set of data that went into a decision.
type Input struct {
	Name   string    `json:"name"`
	SHA256 string    `json:"sha256"` // of the data, in hexadecimal
	Count  int64     `json:"count"`  // of its rows
	AsOf   time.Time `json:"asOf"`   // nothing later went in
}

// Reason is why, as a code for the message catalogue and what fills it in.
type Reason struct {
	Code   string `json:"code"`
	Params Params `json:"params,omitempty"`
}

// Params are texts and whole numbers by name.
type Params map[string]any

// UnmarshalJSON reads numbers as int64, as they were written.
func (p *Params) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	for name, value := range raw {
		switch v := value.(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return fmt.Errorf("parameter %s: %w", name, err)
			}
			raw[name] = n
		case string:
		default:
			return fmt.Errorf("parameter %s is no text and no whole number", name)
		}
	}
	*p = raw
	return nil
}

// Part is a piece of a decision that a person can download alone: of a plan, what is said of one container.
type Part struct {
	ID   string
	Body json.RawMessage // a JSON object without floats; "salt" is the gate's, "id" must be ID if it is there
}

// Alternative is another outcome that an official may choose.
type Alternative struct {
	ID       string
	Outcome  json.RawMessage
	Measures map[string]int64
	Reasons  []Reason
	Parts    []Part
}

// SealedField is what the decision commits to without showing it.
type SealedField struct {
	Name   string
	Value  string
	Ground string // the legal ground on which it is not public
}

// check returns what is wrong with the form of a proposal.
func (p *Proposal) check() error {
	wrong := func(field, format string, args ...any) error {
		return problem.New(problem.Invalid, "proposal."+field, format, args...).At(field)
	}
	switch {
	case p.Kind == "":
		return wrong("kind", "The proposal has no kind.")
	case p.Subject == "":
		return wrong("subject", "The proposal has no subject.")
	case p.Algorithm == "" || p.Version == "":
		return wrong("algorithm", "The proposal does not say which version of which algorithm made it.")
	case len(p.Outcome) == 0:
		return wrong("outcome", "The proposal has no outcome.")
	case len(p.Reasons) == 0:
		return wrong("reasons", "The proposal gives no reason.")
	case len(p.LegalBasis) == 0:
		return wrong("legalBasis", "The proposal names no legal basis.")
	}
	for _, in := range p.Inputs {
		if sum, err := hex.DecodeString(in.SHA256); in.Name == "" || err != nil || len(sum) != 32 || strings.ToLower(in.SHA256) != in.SHA256 {
			return wrong("inputs", "The input %q has no SHA-256 in hexadecimal.", in.Name)
		}
	}
	seen := map[string]bool{"": true}
	for _, a := range p.Alternatives {
		if seen[a.ID] || len(a.Outcome) == 0 || len(a.Reasons) == 0 {
			return wrong("alternatives", "The alternative %q has no id of its own, no outcome or no reason.", a.ID)
		}
		seen[a.ID] = true
	}
	for _, f := range p.Sealed {
		if f.Name == "" || f.Name == officialField || f.Ground == "" {
			return wrong("sealed", "The sealed field %q has no name of its own or no ground.", f.Name)
		}
	}
	return nil
}

// checkRemedies returns an error unless the remedies are those of the kind.
func checkRemedies(kind string, remedies []string) error {
	allowed := remediesOf(kind)
	for _, r := range remedies {
		if !slices.Contains(allowed, r) {
			return problem.New(problem.Invalid, "proposal.remedies", "Against a decision of the kind %s nobody can use %q.", kind, r).
				At("remedies").Do("Use one of: %s.", strings.Join(allowed, ", "))
		}
	}
	if len(remedies) == 0 {
		return problem.New(problem.Invalid, "proposal.remedies", "The proposal names nothing that a person can do about it.").
			At("remedies").Do("Use one of: %s.", strings.Join(allowed, ", "))
	}
	return nil
}

// remediesOf says what a person can do about a kind of decision, by its nature in
// administrative law (Awb). A kind that is not named here is factual conduct:
// nobody may be sent to a remedy that does not exist.
func remediesOf(kind string) []string {
	nature, _, _ := strings.Cut(kind, ".")
	switch nature {
	case "permit", "subsidy": // a besluit (Awb 1:3): objection within six weeks (Awb 7:1, 6:7)
		return []string{"bezwaar", "mens", "klacht"}
	case "draft": // a draft besluit: views (Awb 3:15)
		return []string{"zienswijze", "mens", "klacht"}
	default: // factual conduct, such as collection.plan: report it, ask a person, complain (Awb 9:1)
		return []string{"melding", "mens", "klacht"}
	}
}
