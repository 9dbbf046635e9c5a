package study

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed worlds.yaml
var worldsYAML []byte

// Frozen is what worlds.yaml holds: worlds and seeds as they stood before any policy was tuned.
type Frozen struct {
	Frozen          string   `yaml:"frozen"`
	Start           string   `yaml:"start"`
	Tune            []uint64 `yaml:"tune"`
	Report          []uint64 `yaml:"report"`
	FoundWeeks      int      `yaml:"found_weeks"`
	WarmUpWeeks     int      `yaml:"warm_up_weeks"`
	Weeks           int      `yaml:"weeks"`
	CO2GramsPerKm   float64  `yaml:"co2_grams_per_km"`
	CO2GramsPerLift float64  `yaml:"co2_grams_per_lift"`

	Groningen groningen `yaml:"groningen"`
	Almere    almere    `yaml:"almere"`
}

// ReadFrozen returns the frozen worlds.
func ReadFrozen() (*Frozen, error) {
	var f Frozen
	if err := yaml.UnmarshalWithOptions(worldsYAML, &f, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("worlds.yaml: %w", err)
	}
	return &f, nil
}

// start returns when a world begins in its zone.
func (f *Frozen) start(loc *time.Location) (time.Time, error) {
	at, err := time.ParseInLocation(time.DateOnly, f.Start, loc)
	if err != nil {
		return at, fmt.Errorf("worlds.yaml: start: %w", err)
	}
	return at, nil
}

// Span is how long a world is lived, in days: under the practice that was found, under the policy before counting, and counted.
type Span struct{ Found, WarmUp, Counted int }

// Span returns the frozen one.
func (f *Frozen) Span() Span { return Span{7 * f.FoundWeeks, 7 * f.WarmUpWeeks, 7 * f.Weeks} }

// World builds a world by name: groningen or almere.
func (f *Frozen) World(name string) (*World, error) {
	switch name {
	case "groningen":
		return f.groningenWorld()
	case "almere":
		return f.almereWorld()
	}
	return nil, fmt.Errorf("there is no world %q: use groningen or almere", name)
}
