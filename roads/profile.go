package roads

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"polder.city/internal/problem"
)

//go:embed profile
var profiles embed.FS

// Profile says which streets a vehicle may use and how fast it goes there.
type Profile struct {
	Name  string
	Needs Access // the one means of travel that a street must admit

	Weight                uint16 // loaded, in units of 100 kg
	Height, Width, Length uint16 // cm

	Speeds        [classCount]uint8 // km/h by class; 0: not driven
	NoStopping    [classCount]bool  // classes that no place is snapped to
	SignedFactor  float64           // share of a signed limit that is driven
	UnpavedFactor float64           // share of the speed that is left without pavement

	UTurns                                  UTurn
	RightSeconds, LeftSeconds, UTurnSeconds float64
	Private                                 Private  // access to private streets
	Approach                                Approach // on which side of the street a place is served
	AnyTime                                 AnyTime  // what rules that hold at times mean to a graph that is for no moment
	Emission                                Emission // 0: zones do not bind
	// DestinationSeconds is what entering streets for destination traffic weighs
	// in the choice of a path; it is not part of the path's own seconds.
	DestinationSeconds float64
}

// UTurn says where a vehicle may turn back on the road.
type UTurn uint8

// The policies for turning back.
const (
	UTurnDeadEnd UTurn = iota // only where no other street leads on
	UTurnNever
	UTurnAnywhere
)

// Private says where a vehicle may use streets with private access.
type Private uint8

// The policies for private streets.
const (
	PrivateNever Private = iota
	PrivateEnds          // where a trip begins or ends, and never on the way through
)

// Approach says in which direction a vehicle stands at a place that it serves.
type Approach uint8

// The policies for the side of the street.
const (
	ApproachEither Approach = iota
	// ApproachCurb is with the place on the right hand, where the vehicle may drive in both
	// directions of the street and the place lies beside it. It also leaves that way.
	ApproachCurb
)

// AnyTime says what rules with hours mean when nobody says at what time a trip is.
type AnyTime uint8

// The policies for rules with hours.
const (
	AnyTimeRestricted AnyTime = iota // what is refused at some time is refused
	AnyTimeIgnored                   // as if the rules were not there
)

// Truck returns the profile of a refuse truck: 26 t, 4.0 m high, 2.55 m wide.
func Truck() Profile { return embedded("profile/truck.yaml") }

// Car returns the profile of a passenger car.
func Car() Profile { return embedded("profile/car.yaml") }

// Bicycle returns the profile of a bicycle.
func Bicycle() Profile { return embedded("profile/bicycle.yaml") }

// Foot returns the profile of a person on foot.
func Foot() Profile { return embedded("profile/foot.yaml") }

func embedded(name string) Profile {
	data, err := profiles.ReadFile(name)
	if err != nil {
		panic(err) // embedded and tested: it cannot differ from what was tested
	}
	p, err := ParseProfile(data, name)
	if err != nil {
		panic(err)
	}
	return p
}

// profileFile is a profile as people write it.
type profileFile struct {
	Name    string
	Needs   string
	Vehicle struct {
		WeightT  float64 `yaml:"weight_t"`
		HeightM  float64 `yaml:"height_m"`
		WidthM   float64 `yaml:"width_m"`
		LengthM  float64 `yaml:"length_m"`
		Emission string  `yaml:"emission"`
	}
	Speeds        map[string]float64
	SignedFactor  float64 `yaml:"signed_factor"`
	UnpavedFactor float64 `yaml:"unpaved_factor"`
	Turns         struct {
		UTurn        string  `yaml:"u_turn"`
		RightSeconds float64 `yaml:"right_seconds"`
		LeftSeconds  float64 `yaml:"left_seconds"`
		UTurnSeconds float64 `yaml:"u_turn_seconds"`
	}
	Private            string   `yaml:"private"`
	Approach           string   `yaml:"approach"`
	AnyTime            string   `yaml:"any_time"`
	DestinationSeconds float64  `yaml:"destination_seconds"`
	NoStopping         []string `yaml:"no_stopping"`
}

// maxProfile is far above what a profile needs, in bytes.
const maxProfile = 64 << 10

// ParseProfile reads a profile from YAML, strictly: an unknown key, a key twice,
// a missing or an impossible value is a [*problem.Error] that names file and line.
// The form is that of profile/truck.yaml.
func ParseProfile(data []byte, name string) (Profile, error) {
	if len(data) > maxProfile {
		return Profile{}, problem.New(problem.Invalid, "roads.profile.size", "The file is larger than %d kB.", maxProfile>>10).
			At(name).Do("Give a profile as profile/truck.yaml in the source.")
	}
	var f profileFile
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		where, message := name, err.Error()
		if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil {
			where, message = fmt.Sprintf("%s:%d", name, at.GetToken().Position.Line), at.GetMessage()
		} else if errors.Is(err, io.EOF) {
			message = "the file is empty"
		}
		return Profile{}, problem.New(problem.Invalid, "roads.profile.syntax", "%s.", strings.TrimSpace(message)).
			At(where).Do("Correct the line; profile/truck.yaml in the source is an example.").Cause(err)
	}
	r := profileReader{data: data, name: name}
	p := Profile{
		Name:               f.Name,
		Needs:              r.needs(f.Needs),
		Weight:             uint16(math.Ceil(r.number("vehicle.weight_t", f.Vehicle.WeightT, 0.1, 100)*10 - 1e-9)),
		Height:             r.centimetres("vehicle.height_m", f.Vehicle.HeightM),
		Width:              r.centimetres("vehicle.width_m", f.Vehicle.WidthM),
		Length:             r.centimetres("vehicle.length_m", f.Vehicle.LengthM),
		SignedFactor:       r.number("signed_factor", f.SignedFactor, 0.1, 1),
		UnpavedFactor:      r.number("unpaved_factor", f.UnpavedFactor, 0.1, 1),
		RightSeconds:       r.number("turns.right_seconds", f.Turns.RightSeconds, 0, 600),
		LeftSeconds:        r.number("turns.left_seconds", f.Turns.LeftSeconds, 0, 600),
		UTurnSeconds:       r.number("turns.u_turn_seconds", f.Turns.UTurnSeconds, 0, 600),
		DestinationSeconds: r.number("destination_seconds", f.DestinationSeconds, 0, 3600),
	}
	p.UTurns = UTurn(r.choose("turns.u_turn", f.Turns.UTurn, "dead_end", "never", "anywhere"))
	p.Private = Private(r.choose("private", cmp.Or(f.Private, "never"), "never", "ends"))
	p.Approach = Approach(r.choose("approach", cmp.Or(f.Approach, "either"), "either", "curb"))
	p.AnyTime = AnyTime(r.choose("any_time", cmp.Or(f.AnyTime, "restricted"), "restricted", "ignored"))
	if f.Vehicle.Emission != "" {
		var ok bool
		if p.Emission, ok = emission(f.Vehicle.Emission); !ok {
			r.fail("vehicle.emission", fmt.Sprintf("%q is not an emission class", f.Vehicle.Emission), "Write euro_1 to euro_7, or zero.")
		}
	}
	if strings.TrimSpace(f.Name) == "" {
		r.fail("name", "the profile has no name", "Give it one, as truck.")
	}
	if len(f.Speeds) == 0 {
		r.fail("speeds", "there are no speeds", "List at least one class of street with its km/h.")
	}
	for _, class := range slices.Sorted(maps.Keys(f.Speeds)) {
		c, ok := ParseClass(class)
		if !ok {
			r.fail("speeds."+class, fmt.Sprintf("%q is not a class of street", class), "Use OpenStreetMap's highway classes.")
			continue
		}
		p.Speeds[c] = uint8(r.number("speeds."+class, f.Speeds[class], 1, 130))
	}
	for i, class := range f.NoStopping {
		c, ok := ParseClass(class)
		if !ok {
			r.fail(fmt.Sprintf("no_stopping[%d]", i), fmt.Sprintf("%q is not a class of street", class),
				"Use OpenStreetMap's highway classes.")
			continue
		}
		p.NoStopping[c] = true
	}
	if r.err != nil {
		return Profile{}, r.err
	}
	return p, nil
}

// profileReader checks values and keeps the mistake that comes first in the file.
type profileReader struct {
	data []byte
	name string
	line int
	err  *problem.Error
}

func (r *profileReader) number(key string, v, low, high float64) float64 {
	if !(v >= low && v <= high) {
		r.fail(key, fmt.Sprintf("%v is not possible here", v), fmt.Sprintf("Write a number from %v to %v.", low, high))
		return low
	}
	return v
}

func (r *profileReader) centimetres(key string, metres float64) uint16 {
	return uint16(math.Ceil(r.number(key, metres, 0.1, 100)*100 - 1e-9))
}

// choose returns which of some words is written, in the order of the policy's constants.
func (r *profileReader) choose(key, word string, words ...string) int {
	if i := slices.Index(words, word); i >= 0 {
		return i
	}
	last := len(words) - 1
	r.fail(key, fmt.Sprintf("%q is not a policy", word), fmt.Sprintf("Write %s or %s.", strings.Join(words[:last], ", "), words[last]))
	return 0
}

// emission reads "euro_6", "Euro VI", "6" and "zero".
func emission(word string) (Emission, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "zero" || word == "electric" {
		return ZeroEmission, true
	}
	word = strings.TrimLeft(strings.TrimPrefix(word, "euro"), " _-")
	for class, names := range [...][2]string{1: {"1", "i"}, {"2", "ii"}, {"3", "iii"}, {"4", "iv"}, {"5", "v"}, {"6", "vi"}, {"7", "vii"}} {
		if class > 0 && (word == names[0] || word == names[1]) {
			return Emission(class), true
		}
	}
	return 0, false
}

func (r *profileReader) needs(word string) Access {
	switch word {
	case "car":
		return AccessCar
	case "truck":
		return AccessTruck
	case "bus":
		return AccessBus
	case "bicycle":
		return AccessBicycle
	case "foot":
		return AccessFoot
	}
	r.fail("needs", fmt.Sprintf("%q is not a means of travel", word), "Write car, truck, bus, bicycle or foot.")
	return 0
}

func (r *profileReader) fail(key, message, way string) {
	line := r.lineOf(key)
	if r.err != nil && line >= r.line {
		return
	}
	where := r.name
	if line > 0 {
		where = fmt.Sprintf("%s:%d", r.name, line)
	}
	r.line = line
	r.err = problem.New(problem.Invalid, "roads.profile.value", "%s: %s.", key, message).At(where).Do("%s", way)
}

// lineOf returns the line that a key stands on, 0 when it is missing.
func (r *profileReader) lineOf(key string) int {
	path, err := yaml.PathString("$." + key)
	if err != nil {
		return 0
	}
	node, err := path.ReadNode(bytes.NewReader(r.data))
	if err != nil || node == nil || node.GetToken() == nil {
		return 0
	}
	return node.GetToken().Position.Line
}

// drives says whether the vehicle goes on a street at all, in whatever direction.
func (p *Profile) drives(w *Way) bool {
	return int(w.Class) < classCount && p.Speeds[w.Class] > 0 && p.fits(w) &&
		(p.Private == PrivateEnds || w.Private&p.Needs == 0)
}

// fits says whether the vehicle is within the limits of a street.
func (p *Profile) fits(w *Way) bool {
	return (w.MaxWeight == 0 || p.Weight <= w.MaxWeight) &&
		(w.MaxHeight == 0 || p.Height <= w.MaxHeight) &&
		(w.MaxWidth == 0 || p.Width <= w.MaxWidth) &&
		(w.MaxLength == 0 || p.Length <= w.MaxLength)
}

// passes says whether the vehicle may go through a barrier.
func (p *Profile) passes(b *Barrier) bool {
	return b.Passes&p.Needs != 0 &&
		(b.MaxHeight == 0 || p.Height <= b.MaxHeight) &&
		(b.MaxWidth == 0 || p.Width <= b.MaxWidth)
}

// bound says whether a turn restriction is meant for the vehicle.
func (p *Profile) bound(r *Restriction) bool {
	if r.Applies == 0 {
		return p.Needs&(AccessCar|AccessTruck|AccessBus) != 0
	}
	return r.Applies&p.Needs != 0
}

// speed returns metres a second on a street that the vehicle drives.
func (p *Profile) speed(w *Way) float64 {
	v := float64(p.Speeds[w.Class])
	if w.MaxSpeed > 0 {
		v = min(v, float64(w.MaxSpeed)*p.SignedFactor)
	}
	if w.Unpaved {
		v *= p.UnpavedFactor
	}
	return v / 3.6
}
