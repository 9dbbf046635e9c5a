package fleet

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"polder.city/internal/problem"
)

// The largest values of a problem. Within them no sum in a search or check overflows.
const (
	maxSeconds = 10_000_000    // about 115 days
	maxMeters  = 1_000_000_000 // a million kilometres
	maxCents   = 100_000_000   // a million euros an hour or kilometre
	maxLoad    = 1 << 50
	maxTotal   = 1_000_000_000_000 // ten thousand million euros in cents: prizes and fixed costs together
	maxStops   = 1_000_000
)

// Validate returns nil for a problem that a search can be asked, else a [*problem.Error] of
// kind Invalid that says what is wrong where: a matrix of another size, with holes or negative times, an
// index that does not exist, a window that closes before it opens, a required stop that no vehicle can
// carry or no facility accepts, numbers that would overflow.
func (p *Problem) Validate() error {
	for _, check := range []func() error{
		p.validateMatrix, p.validateDepots, p.validateFacilities, p.validateVehicles, p.validateStops, p.validateTotals, p.validateBegun,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// invalid is a problem of kind Invalid at a place.
func invalid(where, code, format string, args ...any) error {
	return problem.New(problem.Invalid, "fleet."+code, format, args...).At(where)
}

func (p *Problem) validateMatrix() error {
	if p.Locations < 1 {
		return invalid("locations", "locations", "there are no locations")
	}
	if p.Dimensions < 0 || len(p.Units) > 0 && len(p.Units) != p.Dimensions {
		return invalid("units", "dimensions", "%d units are named for %d dimensions", len(p.Units), p.Dimensions)
	}
	if n := len(p.Coordinates); n > 0 && n != p.Locations {
		return invalid("coordinates", "coordinates", "%d locations have coordinates, there are %d", n, p.Locations)
	}
	for i, at := range p.Coordinates {
		if !(math.Abs(at[0]) <= 1e12 && math.Abs(at[1]) <= 1e12) {
			return invalid("coordinates", "coordinates", "location %d lies at %v, which is no place", i, at)
		}
	}
	for _, matrix := range []struct {
		name   string
		values []int32
		most   int32
	}{{"seconds", p.Seconds, maxSeconds}, {"meters", p.Meters, maxMeters}} {
		if p.Locations > len(matrix.values) || len(matrix.values) != p.Locations*p.Locations {
			return invalid(matrix.name, "matrix.size", "the matrix of %s has %d values, %d locations need %d",
				matrix.name, len(matrix.values), p.Locations, p.Locations*p.Locations)
		}
		for i, value := range matrix.values {
			if value < 0 || value > matrix.most {
				return invalid(matrix.name, "matrix.value",
					"from location %d to %d takes %d %s: a hole in the matrix, or a value outside 0 to %d",
					i/p.Locations, i%p.Locations, value, matrix.name, matrix.most)
			}
			if value != 0 && i/p.Locations == i%p.Locations {
				return invalid(matrix.name, "matrix.diagonal", "from location %d to itself takes %d %s instead of 0",
					i/p.Locations, value, matrix.name)
			}
		}
	}
	return nil
}

func (p *Problem) validateDepots() error {
	for i := range p.Depots {
		d, where := &p.Depots[i], fmt.Sprintf("depots[%d]", i)
		if err := p.validateLocation(where, d.Location); err != nil {
			return err
		}
		if !d.Window.always() {
			if err := validateWindows(where, []Window{d.Window}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Problem) validateFacilities() error {
	for i := range p.Facilities {
		f, where := &p.Facilities[i], fmt.Sprintf("facilities[%d]", i)
		if err := p.validateLocation(where, f.Location); err != nil {
			return err
		}
		if err := validateService(where, f.Service); err != nil {
			return err
		}
		if err := validateWindows(where, f.Windows); err != nil {
			return err
		}
	}
	return nil
}

func (p *Problem) validateVehicles() error {
	for i := range p.Vehicles {
		v, where := &p.Vehicles[i], fmt.Sprintf("vehicles[%d]", i)
		for _, depot := range []int{v.Start, v.End} {
			if depot < 0 || depot >= len(p.Depots) {
				return invalid(where, "vehicle.depot", "%s has depot %d, which does not exist", vehicleName(p, i), depot)
			}
		}
		if !v.Shift.always() {
			if err := validateWindows(where, []Window{v.Shift}); err != nil {
				return err
			}
		}
		if v.Overtime < 0 || v.Overtime > maxSeconds || v.MaxMeters < 0 || v.MaxTrips < 0 || v.MaxSeconds < 0 {
			return invalid(where, "vehicle.limits", "overtime, range, time out and trips of %s must not be negative", vehicleName(p, i))
		}
		if err := p.validateLoad(where, "capacity", v.Capacity); err != nil {
			return err
		}
		if len(v.GroupCapacity) > 0 && !p.OneGroupATrip {
			return invalid(where, "vehicle.groupCapacity",
				"%s has a capacity for a group, which means nothing while a trip may mix groups", vehicleName(p, i))
		}
		for _, capacity := range v.GroupCapacity {
			if err := p.validateLoad(where, "groupCapacity", capacity); err != nil {
				return err
			}
		}
		for _, cost := range []int64{v.HourCost, v.OvertimeHourCost, v.KilometreCost} {
			if cost < 0 || cost > maxCents {
				return invalid(where, "vehicle.cost", "costs of %s must lie within 0 and %d cents", vehicleName(p, i), maxCents)
			}
		}
		if v.FixedCost < 0 || v.FixedCost > maxTotal {
			return invalid(where, "vehicle.cost", "the fixed cost of %s must lie within 0 and %d cents", vehicleName(p, i), int64(maxTotal))
		}
		if err := validateBreaks(where, v.Breaks); err != nil {
			return err
		}
	}
	return nil
}

func validateBreaks(where string, breaks []Break) error {
	windows := make([]Window, len(breaks))
	for i, b := range breaks {
		windows[i] = b.Window
		if err := validateService(where, b.Duration); err != nil {
			return err
		}
	}
	return validateWindows(where, windows)
}

func (p *Problem) validateStops() error {
	if len(p.Stops) > maxStops {
		return invalid("stops", "stops", "%d stops are more than the %d that can be planned at once", len(p.Stops), maxStops)
	}
	unload := map[int]bool{}
	for i := range p.Stops {
		s, where := &p.Stops[i], fmt.Sprintf("stops[%d]", i)
		if err := p.validateLocation(where, s.Location); err != nil {
			return err
		}
		if err := validateService(where, s.Service); err != nil {
			return err
		}
		if err := validateWindows(where, s.Windows); err != nil {
			return err
		}
		if s.Load != nil {
			if err := p.validateLoad(where, "load", s.Load); err != nil {
				return err
			}
		}
		if s.Prize < 0 || s.Prize > maxTotal {
			return invalid(where, "stop.prize", "the prize of %s, %d cents, lies outside 0 to %d", stopName(p, i), s.Prize, int64(maxTotal))
		}
		if s.ChangeCost < 0 || s.ChangeCost > maxTotal {
			return invalid(where, "stop.change", "the cost of another vehicle for %s, %d cents, lies outside 0 to %d",
				stopName(p, i), s.ChangeCost, int64(maxTotal))
		}
		for _, v := range s.Usual {
			if v < 0 || v >= len(p.Vehicles) {
				return invalid(where, "stop.vehicles", "%s is usual for vehicle %d, which does not exist", stopName(p, i), v)
			}
		}
		for _, v := range s.Vehicles {
			if v < 0 || v >= len(p.Vehicles) {
				return invalid(where, "stop.vehicles", "%s allows vehicle %d, which does not exist", stopName(p, i), v)
			}
		}
		if !s.Required {
			continue
		}
		if p.EndEmpty {
			accepted, known := unload[s.Group]
			if !known {
				accepted = slices.ContainsFunc(p.Facilities, func(f Facility) bool {
					return len(f.Groups) == 0 || slices.Contains(f.Groups, s.Group)
				})
				unload[s.Group] = accepted
			}
			if !accepted {
				return invalid(where, "stop.facility", "no facility accepts group %d of %s", s.Group, stopName(p, i))
			}
		}
		if err := p.validateCarrier(where, i); err != nil {
			return err
		}
	}
	return nil
}

// validateCarrier checks that some vehicle may and can take a required stop.
func (p *Problem) validateCarrier(where string, stop int) error {
	s := &p.Stops[stop]
	most := make([]int64, p.Dimensions)
	may := false
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		if len(s.Vehicles) > 0 && !slices.Contains(s.Vehicles, i) || len(v.Groups) > 0 && !slices.Contains(v.Groups, s.Group) {
			continue
		}
		may = true
		capacity := v.Capacity
		if special, ok := v.GroupCapacity[s.Group]; ok {
			capacity = special
		}
		fits := true
		for d := range s.Load {
			most[d] = max(most[d], capacity[d])
			fits = fits && s.Load[d] <= capacity[d]
		}
		if fits {
			return nil
		}
	}
	if !may {
		return invalid(where, "stop.vehicle", "no vehicle may serve %s", stopName(p, stop))
	}
	for d := range s.Load {
		if s.Load[d] > most[d] {
			return invalid(where, "stop.load", "%s needs %s, no vehicle carries over %s",
				stopName(p, stop), amountText(p, d, s.Load[d]), amountText(p, d, most[d]))
		}
	}
	return invalid(where, "stop.load", "%s needs more than any one vehicle carries", stopName(p, stop))
}

// validateTotals refuses what would overflow when added up.
func (p *Problem) validateTotals() error {
	var sum, service int64
	for i := range p.Stops {
		service += int64(p.Stops[i].Service) + int64(p.PlaceService)
		if sum += p.Stops[i].Prize + p.Stops[i].ChangeCost; sum > maxTotal {
			return invalid("stops", "stop.prize", "the prizes together, with the costs of changes, are more than %d cents", int64(maxTotal))
		}
	}
	if err := validateService("placeService", p.PlaceService); err != nil {
		return err
	}
	for i := range p.Vehicles {
		if sum += p.Vehicles[i].FixedCost; sum > maxTotal {
			return invalid("vehicles", "vehicle.cost", "prizes, changes and fixed costs together are more than %d cents", int64(maxTotal))
		}
	}
	// A day of all stops by the dearest vehicle, each reached by the longest way and unloaded: far above any
	// solution, and it must be far below what an int64 holds in the search's units.
	seconds, meters := float64(slices.Max(p.Seconds)), float64(slices.Max(p.Meters))
	visits := float64(2*len(p.Stops) + 2)
	for i := range p.Facilities {
		service = max(service, int64(p.Facilities[i].Service)*int64(len(p.Stops)))
	}
	if p.BalanceHourCost < 0 || p.BalanceHourCost > maxCents {
		return invalid("balanceHourCost", "balance", "the cost of balance must lie within 0 and %d cents", maxCents)
	}
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		time := visits*seconds + 2*float64(service) + float64(v.Shift.Close)
		cost := time*1000*float64(v.HourCost+v.OvertimeHourCost) + visits*meters*3600*float64(v.KilometreCost)
		vehicles := float64(len(p.Vehicles))
		if cost > 1e18 || vehicles*vehicles*time*1000*float64(p.BalanceHourCost) > 1e18 {
			return invalid(fmt.Sprintf("vehicles[%d]", i), "vehicle.cost", "distances, times and costs of %s are too large to add up", vehicleName(p, i))
		}
	}
	return nil
}

func (p *Problem) validateLocation(where string, location int) error {
	if location < 0 || location >= p.Locations {
		return invalid(where, "location", "location %d does not exist: there are %d", location, p.Locations)
	}
	return nil
}

func (p *Problem) validateLoad(where, what string, load []int64) error {
	if len(load) != p.Dimensions {
		return invalid(where, "load", "%s has %d values, the problem has %d dimensions", what, len(load), p.Dimensions)
	}
	for _, l := range load {
		if l < 0 || l > maxLoad {
			return invalid(where, "load", "%s %d lies outside 0 to %d", what, l, int64(maxLoad))
		}
	}
	return nil
}

func validateService(where string, seconds int32) error {
	if seconds < 0 || seconds > maxSeconds {
		return invalid(where, "service", "a duration of %d seconds lies outside 0 to %d", seconds, maxSeconds)
	}
	return nil
}

func validateWindows(where string, windows []Window) error {
	for i, w := range windows {
		if w.Open < 0 || w.Close > maxSeconds {
			return invalid(where, "window", "a window from second %d to %d lies outside 0 to %d", w.Open, w.Close, maxSeconds)
		}
		if w.Close < w.Open {
			return invalid(where, "window", "a window closes at %s, before it opens at %s", clockTime(w.Close), clockTime(w.Open))
		}
		if i > 0 && w.Open <= windows[i-1].Close {
			return invalid(where, "window", "windows %s overlap or are out of order", spans(windows))
		}
	}
	return nil
}

// amountText writes a load with its unit: 1,200 kg.
func amountText(p *Problem, dimension int, load int64) string {
	text := strconv.FormatInt(load, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	if dimension < len(p.Units) {
		return text + " " + p.Units[dimension]
	}
	if p.Dimensions > 1 {
		return fmt.Sprintf("%s in dimension %d", text, dimension)
	}
	return text
}
