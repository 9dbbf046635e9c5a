package message

import (
	"fmt"
	"regexp"
	"strings"
)

// LongSentence is how many words a Dutch sentence may have at level B1.
const LongSentence = 20

var (
	sentenceEnd = regexp.MustCompile(`[.!?:](?:\s|$)|\n`) // what follows a colon is read as a sentence of its own
	parameter   = regexp.MustCompile(`\{[^}]*\}`)
	linkTarget  = regexp.MustCompile(`\]\([^)]*\)`)
	// "wordt … geleegd": a form of worden with a past participle in the same sentence. Participles begin with one of the
	// prefixes, or have "ge" inside a separable verb (opgehaald), and end in d, t or en.
	passive = regexp.MustCompile(`(?i)\b(?:word|wordt|worden|werd|werden)\b[^.!?]*?\b((?:ge|be|ver|ont|her)[a-zë]{3,}(?:d|t|en)|(?:aan|af|bij|door|in|mee|na|om|op|over|terug|toe|uit|vast|voor|weg)ge[a-zë]{2,}(?:d|t|en))\b|` +
		`(?i)\b((?:ge|ver|be|ont)[a-zë]{3,}(?:d|t|en)|(?:aan|af|bij|in|na|op|over|uit|vast|voor|weg)ge[a-zë]{2,}(?:d|t|en))\s+(?:word|wordt|worden|werd|werden)\b`)
)

// notParticiples look like participles and are not.
var notParticiples = map[string]bool{
	"gebruiken": true, "beslissen": true, "betalen": true, "beginnen": true, "geven": true, "gegevens": true, "gemeenten": true, "gebouwen": true,
	"verkeerd": true, "besluiten": true, "geleden": true, "gemeente": true, "bestaan": true, "verschillend": true, "bekend": true, "bepaald": true, "ongeveer": true,
}

// hardWords are words above level B1 that officials like, with what to write.
var hardWords = map[string]string{
	"aangaande": "over", "betreffende": "over", "inzake": "over", "omtrent": "over", "conform": "volgens", "middels": "met", "derhalve": "daarom",
	"dientengevolge": "daardoor", "desgewenst": "als je wilt", "geschiedt": "gebeurt", "thans": "nu", "heden": "vandaag", "indien": "als", "teneinde": "om",
	"tevens": "ook", "alsmede": "en", "hetgeen": "wat", "echter": "maar", "reeds": "al", "trachten": "proberen", "verstrekken": "geven", "woonachtig": "wonen",
	"faciliteren": "helpen", "optimaliseren": "beter maken", "implementeren": "invoeren", "monitoren": "volgen", "prioriteren": "kiezen", "dient": "moet",
	"dienen te": "moeten", "ten behoeve van": "voor", "met betrekking tot": "over", "op grond van": "door", "in het kader van": "voor", "u": "je", "uw": "je", "dashboard": "overzicht",
	"real-time": "nu", "data-gedreven": "met gegevens",
}

// Plain returns what makes a Dutch text harder than level B1: sentences of more
// than [LongSentence] words, the passive voice, and hard words. An empty answer is no
// promise that people understand it; only readers can tell.
func Plain(text string) []string {
	var found []string
	text = linkTarget.ReplaceAllString(parameter.ReplaceAllString(text, "getal"), "")
	text = strings.NewReplacer("*", "", "[", "", "]", "").Replace(text)
	for _, sentence := range sentenceEnd.Split(text, -1) {
		words := strings.Fields(sentence)
		if len(words) > LongSentence {
			found = append(found, fmt.Sprintf("a sentence of %d words: %q", len(words), strings.TrimSpace(sentence)))
		}
		if m := passive.FindStringSubmatch(sentence); m != nil && !notParticiples[strings.ToLower(m[1]+m[2])] {
			found = append(found, fmt.Sprintf("passive (%s): %q", m[1]+m[2], strings.TrimSpace(sentence)))
		}
		low := " " + strings.ToLower(strings.Join(strings.FieldsFunc(sentence, func(r rune) bool { return strings.ContainsRune(" ,:;()\"'“”\n", r) }), " ")) + " "
		for hard, easy := range hardWords {
			if strings.Contains(low, " "+hard+" ") {
				found = append(found, fmt.Sprintf("%q is hard, write %q: %q", hard, easy, strings.TrimSpace(sentence)))
			}
		}
	}
	return found
}
