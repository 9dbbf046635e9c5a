package message

import (
	"strings"
	"testing"
)

// literal are Dutch messages that may stay hard, each with its reason.
var literal = map[string]string{}

func TestDutchTextsArePlain(t *testing.T) {
	cat, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range cat.Keys() {
		source, _ := cat.Source("nl", key)
		found := Plain(source)
		switch {
		case literal[key] == "" && len(found) > 0:
			t.Errorf("%s: %s", key, strings.Join(found, "; "))
		case literal[key] != "" && len(found) == 0:
			t.Errorf("%s is plain: take it off the list", key)
		}
	}
}

func TestTheGateOfPlainDutchFailsWhereItShould(t *testing.T) {
	for text, want := range map[string]string{
		"De container wordt morgen geleegd.":                               "passive",
		"Het afval werd vanochtend door een wagen opgehaald.":              "passive",
		"De plannen die vastgesteld worden, staan hier.":                   "passive",
		"Indien u akkoord bent, meld het.":                                 "hard",
		"Met betrekking tot het plan weten we niets.":                      "hard",
		strings.Repeat("een twee drie vier vijf zes zeven ", 3) + "einde.": "sentence of",
	} {
		if got := strings.Join(Plain(text), "; "); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		"Morgen wordt het mooi weer.", "Anders wordt hij woensdag vol. We legen hem vandaag.", "Hij wordt steeds voller.",
		"[Welke drie?](/containers?toon=geen-ruimte-op-de-wagens-van-morgen) We legen {n:int} van de {total:int} containers.",
	} {
		if got := Plain(text); len(got) > 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}
