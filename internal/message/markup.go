package message

import (
	"html/template"
	"regexp"
	"strings"
)

// A value may hold the signs of our markup. They travel as private-use runes, so
// that a street named "[Park](x)" stays a street.
var guards = strings.NewReplacer("*", "\ue000", "[", "\ue001", "]", "\ue002", "(", "\ue003", ")", "\ue004",
	"\ue000", "", "\ue001", "", "\ue002", "", "\ue003", "", "\ue004", "")

var unguards = strings.NewReplacer("\ue000", "*", "\ue001", "[", "\ue002", "]", "\ue003", "(", "\ue004", ")")

func guard(value string) string { return guards.Replace(value) }

var (
	strongMark = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	linkMark   = regexp.MustCompile(`\[([^\]]+)\]\(([^)]*)\)`)
	safeLink   = regexp.MustCompile(`^(/[^/\\\s]|/$|#|\?|https://)[^\s<>"']*$`)
)

// markup turns **strong** and [text](address) into HTML. An address that is not a
// path of the site or an https address loses its link and keeps its text.
func (p *Printer) markup(s string) template.HTML {
	s = template.HTMLEscapeString(s)
	s = linkMark.ReplaceAllStringFunc(s, func(m string) string {
		sub := linkMark.FindStringSubmatch(m)
		to := unguards.Replace(sub[2])
		if !safeLink.MatchString(to) {
			return sub[1]
		}
		return `<a href="` + p.Path(to) + `">` + sub[1] + `</a>`
	})
	s = strongMark.ReplaceAllString(s, "<strong>$1</strong>")
	return template.HTML(unguards.Replace(s)) //nolint:gosec // every value was escaped above
}
