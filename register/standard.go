package register

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
)

// The publication standard of the Dutch Algorithm Register that entries follow
// (MinBZK/Algoritmeregister, backend/app/schemas/config/v1_0.json).
const standardVersion = "1.0"

// InUse is the status of an algorithm that may be used.
const InUse = "In gebruik"

// field is one text field of the standard.
type field struct {
	name     string
	limit    int  // characters at most; 0 for none
	required bool // by the standard
	decides  bool // by Polder, before an algorithm may decide or advise
	url      bool
	text     func(e *Entry) *string
}

// standard returns the text fields of the standard 1.0. It requires only seven
// of them, so that a valid registration may say nothing of law, data, risks or people;
// Polder requires those of every algorithm that has a mandate.
func standard() []field {
	return []field{
		{"name", 100, true, true, false, func(e *Entry) *string { return &e.Name }},
		{"description_short", 350, true, true, false, func(e *Entry) *string { return &e.DescriptionShort }},
		{"organization", 100, true, true, false, func(e *Entry) *string { return &e.Organization }},
		{"status", 0, true, true, false, func(e *Entry) *string { return &e.Status }},
		{"begin_date", 7, false, true, false, func(e *Entry) *string { return &e.BeginDate }},
		{"end_date", 7, false, false, false, func(e *Entry) *string { return &e.EndDate }},
		{"contact_email", 500, true, true, false, func(e *Entry) *string { return &e.ContactEmail }},
		{"website", 500, false, false, true, func(e *Entry) *string { return &e.Website }},
		{"publication_category", 0, true, true, false, func(e *Entry) *string { return &e.PublicationCategory }},
		{"url", 500, false, false, true, func(e *Entry) *string { return &e.URL }},
		{"goal", 2500, false, true, false, func(e *Entry) *string { return &e.Goal }},
		{"proportionality", 2500, false, true, false, func(e *Entry) *string { return &e.Proportionality }},
		{"human_intervention", 2500, false, true, false, func(e *Entry) *string { return &e.HumanIntervention }},
		{"risks", 2500, false, true, false, func(e *Entry) *string { return &e.Risks }},
		{"lawful_basis", 2500, false, true, false, func(e *Entry) *string { return &e.LawfulBasis }},
		{"process_index_url", 500, false, false, true, func(e *Entry) *string { return &e.ProcessIndexURL }},
		{"impacttoetsen", 2500, false, true, false, func(e *Entry) *string { return &e.Impacttoetsen }},
		{"source_data", 2500, false, true, false, func(e *Entry) *string { return &e.SourceData }},
		{"methods_and_models", 5000, false, true, false, func(e *Entry) *string { return &e.MethodsAndModels }},
		{"provider", 200, false, true, false, func(e *Entry) *string { return &e.Provider }},
		{"publiccode", 500, false, false, true, func(e *Entry) *string { return &e.Publiccode }},
		{"lang", 0, true, true, false, func(e *Entry) *string { return &e.Lang }},
		{"standard_version", 0, false, false, false, func(e *Entry) *string { return &e.StandardVersion }},
		{"source_id", 100, false, false, false, func(e *Entry) *string { return &e.SourceID }},
		{"tags", 2500, false, false, false, func(e *Entry) *string { return &e.Tags }},
	}
}

// permitted returns the values that the standard permits in a field, nil for any.
func permitted(name string) []string {
	switch name {
	case "status":
		return []string{"In ontwikkeling", InUse, "Buiten gebruik"}
	case "publication_category":
		return []string{"Hoog-risico AI-systeem", "Impactvolle algoritmes", "Overige algoritmes"}
	case "lang":
		return []string{"nld"}
	case "standard_version":
		return []string{standardVersion}
	case "category":
		return []string{
			"Organisatie en bedrijfsvoering", "Cultuur en recreatie", "Economie", "Overheidsfinanciën", "Wonen",
			"Internationaal", "Migratie en integratie", "Natuur en milieu", "Onderwijs en wetenschap",
			"Openbare orde en veiligheid", "Recht", "Ruimte en infrastructuur", "Sociale zekerheid", "Verkeer", "Werk", "Zorg en gezondheid",
		}
	}
	return nil
}

// grouping is a field of the standard that lists links.
type grouping struct {
	name         string
	titleLimit   int
	linkRequired bool
	links        []Link
}

func (e *Entry) groupings() []grouping {
	return []grouping{
		{"lawful_basis_grouping", 100, true, e.LawfulBasisGrouping},
		{"impacttoetsen_grouping", 500, false, e.ImpacttoetsenGrouping},
		{"source_data_grouping", 500, true, e.SourceDataGrouping},
	}
}

// maxCategories is how many themes the standard lets an entry have.
const maxCategories = 3

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && !strings.ContainsAny(s, " \t\n")
}

func isContact(s string) bool {
	if isURL(s) {
		return true
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

// impactKnown reports whether the entry says what impact assessments were made, or why none.
func (e *Entry) impactKnown() bool {
	return strings.TrimSpace(e.Impacttoetsen) != "" ||
		slices.ContainsFunc(e.ImpacttoetsenGrouping, func(l Link) bool { return l.Title != "" })
}
