package sensing_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

func TestMain(m *testing.M) {
	crashChild()
	faultChild()
	for name, value := range map[string]string{"rapid.checks": "12", "rapid.steps": "20"} { // the command line may ask for more
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// noon is what the clock shows in these tests.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// city is a store that runs, with its bus and clock.
type city struct {
	*sensing.Store
	db    *store.DB
	bus   *bus.Bus
	clock *clock.Clock
}

// start runs a store over db until the test ends.
func start(t testing.TB, db *store.DB) *city {
	t.Helper()
	c := &city{db: db, bus: bus.New(), clock: clock.New(noon, 0)}
	c.Store = sensing.New(db, c.bus, c.clock, sensing.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func ptr(v float64) *float64 { return &v }

// containers specifies n containers with a fill each.
func containers(n int) []sensing.ThingSpec {
	specs := make([]sensing.ThingSpec, n)
	for i := range specs {
		key := fmt.Sprintf("FIL-%03d-R", i+1)
		specs[i] = sensing.ThingSpec{
			Key: key, Kind: "container", District: "WK003401", Name: fmt.Sprintf("Container %d", i+1), Description: "Underground container",
			Properties: map[string]any{"stream": "rest"},
			Location:   sensing.LocationSpec{Point: orb.Point{5.2 + float64(i)/1000, 52.37}},
			Datastreams: []sensing.DatastreamSpec{{
				Key: key + "/fill", Kind: "fill", Name: "Fill", Unit: sensing.Unit{Name: "fraction", Symbol: "1", Definition: "http://qudt.org/vocab/unit/UNITLESS"},
				ObservedProperty: sensing.PropertySpec{Name: "fill level", Definition: "https://polder.city/def/fill"},
				Sensor:           sensing.SensorSpec{Name: "ultrasonic", Description: "Distance to the waste", Metadata: "https://example.org/sensor"},
				Low:              ptr(0), High: ptr(1.5),
			}},
		}
	}
	return specs
}

func (c *city) ensure(t testing.TB, n int) {
	t.Helper()
	if _, err := c.EnsureThings(context.Background(), containers(n)); err != nil {
		t.Fatal(err)
	}
}

func (c *city) datastream(t testing.TB, key string) sensing.Datastream {
	t.Helper()
	d, err := c.DatastreamByKey(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (c *city) observe(t testing.TB, readings ...sensing.Reading) []sensing.Result {
	t.Helper()
	results, err := c.Observe(context.Background(), readings)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func (c *city) read(t testing.TB, datastream int64, from, to time.Time) []sensing.Observation {
	t.Helper()
	var all []sensing.Observation
	if err := c.Range(context.Background(), datastream, from, to, func(o sensing.Observation) error {
		all = append(all, o)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// code is the problem's code, "ok" for none and "?" for an error that is no problem.
func code(err error) string {
	p, ok := errors.AsType[*problem.Error](err)
	switch {
	case err == nil:
		return "ok"
	case !ok:
		return "?"
	}
	return p.Code
}
