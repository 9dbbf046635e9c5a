package web

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/sensing"
)

func TestABridgesPageListsWhenItWasOpenAndForHowLong(t *testing.T) {
	c := newCity(t)
	_, err := c.d.Sensing.EnsureThings(t.Context(), []sensing.ThingSpec{{
		Key: "brug-1", Kind: "bridge", Name: "De brug", Location: sensing.LocationSpec{Name: "De brug", Point: orb.Point{9.5, 47.14}},
		Datastreams: []sensing.DatastreamSpec{{Key: "brug-1/open", Kind: "open", Name: "open", ObservationType: sensing.Truth}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if text := words(get(c.Site, "/meten/brug-1").Body.String()); strings.Contains(text, "Minuten") {
		t.Errorf("openings of a bridge that never opened: %s", text)
	}
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	results, err := c.d.Sensing.Observe(t.Context(), []sensing.Reading{
		{DatastreamKey: "brug-1/open", Time: at(-180), Result: json.RawMessage("true")},
		{DatastreamKey: "brug-1/open", Time: at(-172), Result: json.RawMessage("false")},
		{DatastreamKey: "brug-1/open", Time: at(-120), Value: 1}, // an older sender has numbers only
		{DatastreamKey: "brug-1/open", Time: at(-118), Value: 1},
		{DatastreamKey: "brug-1/open", Time: at(-115), Value: 0},
		{DatastreamKey: "brug-1/open", Time: at(-3), Result: json.RawMessage("true")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	w := get(c.Site, "/meten/brug-1")
	text := words(w.Body.String())
	for _, want := range []string{
		"Ja Gemeten", "vandaag om 11.57 uur nog steeds 3", "vandaag om 10.00 uur vandaag om 10.05 uur 5", "vandaag om 9.00 uur vandaag om 9.08 uur 8",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(w.Body.String(), "<svg class=\"chart") {
		t.Error("a truth is drawn as a line")
	}
}
