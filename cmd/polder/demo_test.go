package main

import "testing"

func TestADemoOnStreetsOfAnotherPlaceSaysWhichExtractItNeeds(t *testing.T) {
	status, _, stderr := command("demo", "--listen", "127.0.0.1:0", "--osm", testStreets)
	if status != exitInvalid {
		t.Errorf("status %d: %s", status, stderr)
	}
	contains(t, stderr, "places in Almere", "Flevoland")
}
