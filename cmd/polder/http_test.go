package main

import (
	"strings"
	"testing"

	"polder.city/city"
	"polder.city/sensing"
)

func TestABridgesDatastreamIsATruthAndACarParksACount(t *testing.T) {
	c, err := city.Open("almere")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, thing := range cityThings(c) {
		for _, d := range thing.Datastreams {
			found[d.ObservationType]++
			if truth := strings.HasSuffix(d.Key, "/open") || strings.HasSuffix(d.Key, "/running"); truth != (d.ObservationType == sensing.Truth) {
				t.Errorf("%s is a %s", d.Key, d.ObservationType)
			}
		}
	}
	if found[sensing.Truth] == 0 || found[sensing.Count] == 0 || found[sensing.Measurement] == 0 {
		t.Errorf("observation types %v", found)
	}
}
