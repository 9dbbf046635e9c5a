package horizon

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const smallPVRPIF = `{"info": {"numVehicles": 1, "maxDuration": 100, "maxCapacity": 10, "planningHorizon": 4}, "features": [
{"properties": {"id": 0, "type": "depot"}},
{"properties": {"id": 1, "type": "customer", "frequency": 2.0, "demand": 7.0, "service": 3.0}},
{"properties": {"id": 2, "type": "intermediateFacility", "service": 1}}],
"duration": [[0, 5, 6], [7, 0, 8], [9, 10, 0]]}`

func TestAnInstanceIsReadAsItsAuthorsMeanIt(t *testing.T) {
	p, err := ReadPVRPIF(strings.NewReader(smallPVRPIF))
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int{{0, 2}, {1, 3}}; !reflect.DeepEqual(p.Sites[0].Patterns, want) {
		t.Errorf("the patterns are %v instead of %v", p.Sites[0].Patterns, want)
	}
	// There and back by way of the facility, on two days: driving is paid, service is not.
	if plan := solve(t, p, Options{Iterations: 10}); plan.Cost != 2*(5+8+9) {
		t.Errorf("the plan costs %d", plan.Cost)
	}
	p.Fleet[0][0].Shift.Close = 5 + 3 + 8 + 1 + 9 - 1 // but service takes time
	if _, err := Solve(t.Context(), p, Options{Iterations: 10}); err != nil {
		t.Errorf("on the other two days it can be: %v", err)
	}
	p.Fleet[1][0].Shift.Close = p.Fleet[0][0].Shift.Close
	if _, err := Solve(t.Context(), p, Options{Iterations: 10}); err == nil {
		t.Error("a day that is too long for its shift passes")
	}
}

func TestAllInstancesAreRead(t *testing.T) {
	names, err := filepath.Glob("../../../shared/data/pvrpif/*.geojson")
	if err != nil || len(names) != 32 {
		t.Fatalf("%d instances: %v", len(names), err)
	}
	for _, name := range names {
		instance(t, strings.TrimSuffix(filepath.Base(name), ".geojson"))
	}
}

func TestAnInstanceThatIsWrongIsRefusedWithWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"numVehicles": 1`, `"numVehicles": 0`, "numVehicles"},
		{`"planningHorizon": 4`, `"planningHorizon": 63`, "63"},
		{`"planningHorizon": 4`, `"planningHorizon": 3`, "evenly apart"},
		{`"type": "depot"`, `"type": "shed"`, "shed"},
		{`"type": "depot"`, `"type": "intermediateFacility"`, "0 depots"},
		{`"id": 1`, `"id": 2`, "id 2"},
		{`[9, 10, 0]`, `[9, 10]`, "row 2"},
		{`[9, 10, 0]`, `[9, 10.5, 0]`, "10.5"},
		{`[9, 10, 0]`, `[9, 10, 4]`, "itself"},
		{`, [9, 10, 0]]`, `]`, "2 rows"},
		{`"demand": 7.0`, `"demand": -7`, "demand"},
		{`{"info"`, `["info"`, "JSON"},
	} {
		_, err := ReadPVRPIF(strings.NewReader(strings.Replace(smallPVRPIF, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: the error is %v, without %q", c.new, c.old, err, c.want)
		}
	}
}

func FuzzReadPVRPIF(f *testing.F) {
	f.Add(smallPVRPIF)
	f.Add(strings.Replace(smallPVRPIF, `"planningHorizon": 4`, `"planningHorizon": 62`, 1))
	f.Add(`{"info": {"numVehicles": 1e9, "maxDuration": 1, "maxCapacity": 1, "planningHorizon": 1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadPVRPIF(strings.NewReader(text))
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Errorf("read a problem that is not valid: %v", err)
		}
	})
}
