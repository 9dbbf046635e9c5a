// Package register holds what the city has published about its algorithms and
// roles, and what each may decide: the lock on the door of the decision gate.
//
// An algorithm's entry is the Dutch Algorithm Register's publication standard
// 1.0 and, under "polder", what the standard lacks: version, owner, mandates.
// What is published is never changed, only followed by a next version, and each
// publication is an entry in the transparency log.
package register

import (
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// Entry is what is published about one algorithm. The fields up to Tags are
// those of the publication standard 1.0, under its names.
type Entry struct {
	Name                  string   `json:"name"`
	DescriptionShort      string   `json:"description_short"`
	Organization          string   `json:"organization"`
	Category              []string `json:"category,omitempty"`
	Status                string   `json:"status"`
	BeginDate             string   `json:"begin_date,omitempty"` // yyyy-mm
	EndDate               string   `json:"end_date,omitempty"`   // yyyy-mm
	ContactEmail          string   `json:"contact_email"`        // or a web address
	Website               string   `json:"website,omitempty"`
	PublicationCategory   string   `json:"publication_category"`
	URL                   string   `json:"url,omitempty"`
	Goal                  string   `json:"goal,omitempty"`
	Proportionality       string   `json:"proportionality,omitempty"`
	HumanIntervention     string   `json:"human_intervention,omitempty"`
	Risks                 string   `json:"risks,omitempty"`
	LawfulBasis           string   `json:"lawful_basis,omitempty"`
	LawfulBasisGrouping   []Link   `json:"lawful_basis_grouping,omitempty"`
	ProcessIndexURL       string   `json:"process_index_url,omitempty"`
	ImpacttoetsenGrouping []Link   `json:"impacttoetsen_grouping,omitempty"`
	Impacttoetsen         string   `json:"impacttoetsen,omitempty"`
	SourceData            string   `json:"source_data,omitempty"`
	SourceDataGrouping    []Link   `json:"source_data_grouping,omitempty"`
	MethodsAndModels      string   `json:"methods_and_models,omitempty"`
	Provider              string   `json:"provider,omitempty"`
	Publiccode            string   `json:"publiccode,omitempty"`
	Lang                  string   `json:"lang"`
	StandardVersion       string   `json:"standard_version,omitempty"`
	SourceID              string   `json:"source_id,omitempty"`
	Tags                  string   `json:"tags,omitempty"`

	Polder *Polder `json:"polder,omitempty"`
}

// Link is a title with an address.
type Link struct {
	Title string `json:"title"`
	Link  string `json:"link,omitempty"`
}

// Polder is what the standard lacks.
type Polder struct {
	ID        string    `json:"id"`                   // of the algorithm, for ever
	Version   string    `json:"version"`              // only this version may be used
	Owner     string    `json:"owner"`                // the role that answers for it
	Example   bool      `json:"example,omitempty"`    // the text is an example, not checked by the city
	ModelCard string    `json:"model_card,omitempty"` // what it was made of and how good it is
	Mandates  []Mandate `json:"mandates"`
	// Translations holds, by language ("en") and by field name, texts of the entry in
	// another language; a mandate's reason is under "mandate." and its id.
	Translations map[string]map[string]string `json:"translations,omitempty"`
}

// Power is what a mandate gives.
type Power string

// The powers.
const (
	Decide    Power = "decide"    // may decide within its limits; outside them it advises
	Advise    Power = "advise"    // may only advise: a person decides
	Forbidden Power = "forbidden" // may not even advise
)

// Mandate says what an algorithm or a role may do with one kind of decision.
type Mandate struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"` // of decision: "collection.plan"
	Power  Power    `json:"power"`
	Reason string   `json:"reason"`           // why, for people
	Limits []Limit  `json:"limits,omitempty"` // all must hold
	Rules  []string `json:"rules,omitempty"`  // the council's rules that it rests on
	From   string   `json:"from"`             // yyyy-mm-dd, the first day in the city's time
	Until  string   `json:"until,omitempty"`  // yyyy-mm-dd, the last day; empty for no end
	Role   string   `json:"role,omitempty"`   // who signs what the algorithm may not decide
}

// Limit is the most that a measure of a decision may be.
type Limit struct {
	Measure string `json:"measure"`
	AtMost  int64  `json:"at_most"` // in the measure's own unit: seconds, parts per million, days
}

// Rule is a rule of the council on what algorithms may decide.
type Rule struct {
	ID      string `json:"id"`
	NL      string `json:"nl"`
	EN      string `json:"en"`
	Source  string `json:"source,omitempty"`  // the council's decision
	Adopted string `json:"adopted,omitempty"` // yyyy-mm-dd
	Example bool   `json:"example,omitempty"` // not a rule of the real council
}

// Role is a function in the city's organisation, and what it may sign.
type Role struct {
	ID       string    `json:"id"`
	NL       string    `json:"nl"`
	EN       string    `json:"en"`
	Mandates []Mandate `json:"mandates"`
}

// In returns the entry with its texts in a language, Dutch where there is no translation.
func (e *Entry) In(lang string) *Entry {
	texts := e.Polder.Translations[lang]
	if len(texts) == 0 {
		return e
	}
	out, own := *e, *e.Polder
	out.Polder = &own
	for _, f := range standard() {
		if t, ok := texts[f.name]; ok {
			*f.text(&out) = t
		}
	}
	if t, ok := texts["model_card"]; ok {
		own.ModelCard = t
	}
	own.Mandates = append([]Mandate(nil), own.Mandates...)
	for i, m := range own.Mandates {
		if t, ok := texts["mandate."+m.ID]; ok {
			own.Mandates[i].Reason = t
		}
	}
	return &out
}

// ExportJSON returns the entry as the national register takes it: publication
// standard 1.0, without what is Polder's own, as canonical JSON.
func ExportJSON(e *Entry) ([]byte, error) {
	out := *e
	out.Polder = nil
	out.StandardVersion = standardVersion
	if out.SourceID == "" {
		out.SourceID = e.Polder.ID
	}
	return canonical(&out)
}

// canonical returns v as RFC 8785 canonical JSON. The documents of the register hold text and whole numbers only.
func canonical(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	out, err := jcs.Transform(text)
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return out, nil
}
