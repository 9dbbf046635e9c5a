package horizon

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"polder.city/fleet"
)

// pvrpif is the form of an instance.
type pvrpif struct {
	Info struct {
		NumVehicles     float64 `json:"numVehicles"`
		MaxDuration     float64 `json:"maxDuration"`
		MaxCapacity     float64 `json:"maxCapacity"`
		PlanningHorizon float64 `json:"planningHorizon"`
	} `json:"info"`
	Features []struct {
		Properties struct {
			ID        float64 `json:"id"`
			Type      string  `json:"type"`
			Frequency float64 `json:"frequency"`
			Demand    float64 `json:"demand"`
			Service   float64 `json:"service"`
		} `json:"properties"`
	} `json:"features"`
	Duration [][]float64 `json:"duration"`
}

// The largest instance that is read.
const (
	mostNodes    = 5_000
	mostVehicles = 1_000
	mostValue    = 10_000_000
)

// ReadPVRPIF reads a periodic vehicle routing problem with intermediate facilities in the GeoJSON of Taverna and Tilk
// (github.com/iolab-uniud/pvrpif-instances, 2025).
//
// A customer of frequency f is visited on f of the H days, H/f days apart, with the same load each time; trucks are equal, begin
// empty at the depot, are emptied at facilities between and always before they return. A day of a truck, driving and service, is limited to
// maxDuration; the cost is the driving alone. So a unit of time is a second and a metre at once, and a metre costs a cent: a plan's Cost is the instance's.
// Sites are the customers in order, named by their id.
func ReadPVRPIF(r io.Reader) (*Problem, error) {
	var f pvrpif
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("the instance is not JSON of the expected form: %w", err)
	}
	info := map[string]float64{
		"numVehicles": f.Info.NumVehicles, "maxDuration": f.Info.MaxDuration, "maxCapacity": f.Info.MaxCapacity, "planningHorizon": f.Info.PlanningHorizon,
	}
	for name, value := range info {
		if !whole(value) || value < 1 {
			return nil, fmt.Errorf("%s is %v, not a whole number from 1 to %d", name, value, mostValue)
		}
	}
	n := len(f.Features)
	if n > mostNodes || f.Info.NumVehicles > mostVehicles || f.Info.PlanningHorizon > maxDays {
		return nil, fmt.Errorf("%d places, %v vehicles and %v days are more than the %d, %d and %d that are read",
			n, f.Info.NumVehicles, f.Info.PlanningHorizon, mostNodes, mostVehicles, maxDays)
	}
	days := int(f.Info.PlanningHorizon)
	p := &Problem{Days: days, Locations: n, Dimensions: 1, EndEmpty: true}
	for i := range f.Features {
		if err := f.place(p, i); err != nil {
			return nil, err
		}
	}
	if len(p.Depots) != 1 {
		return nil, fmt.Errorf("there are %d depots instead of 1", len(p.Depots))
	}
	if len(f.Duration) != n {
		return nil, fmt.Errorf("the matrix has %d rows, %d places need %d", len(f.Duration), n, n)
	}
	for i, row := range f.Duration {
		if len(row) != n {
			return nil, fmt.Errorf("row %d of the matrix has %d values, %d places need %d", i, len(row), n, n)
		}
		for _, value := range row {
			if !whole(value) {
				return nil, fmt.Errorf("row %d of the matrix holds %v, not a whole number from 0 to %d", i, value, mostValue)
			}
			p.Seconds = append(p.Seconds, int32(value))
		}
	}
	p.Meters = p.Seconds
	for range days {
		vehicles := make([]fleet.Vehicle, int(f.Info.NumVehicles))
		for v := range vehicles {
			vehicles[v] = fleet.Vehicle{
				Shift: fleet.Window{Close: int32(f.Info.MaxDuration)}, Capacity: []int64{int64(f.Info.MaxCapacity)}, KilometreCost: 1000,
			}
		}
		p.Fleet = append(p.Fleet, vehicles)
	}
	return p, p.Validate()
}

// whole reports whether a number is whole and from 0 to mostValue.
func whole(x float64) bool { return x >= 0 && x <= mostValue && x == math.Trunc(x) }

// place reads one feature.
func (f *pvrpif) place(p *Problem, i int) error {
	x := &f.Features[i].Properties
	if x.ID != float64(i) {
		return fmt.Errorf("feature %d has id %v: ids must count from 0, since the matrix goes by them", i, x.ID)
	}
	if !whole(x.Service) || !whole(x.Demand) || !whole(x.Frequency) {
		return fmt.Errorf("feature %d: service, demand and frequency must be whole numbers from 0 to %d", i, mostValue)
	}
	switch x.Type {
	case "depot":
		p.Depots = append(p.Depots, fleet.Depot{Location: i})
	case "intermediateFacility":
		p.Facilities = append(p.Facilities, fleet.Facility{Location: i, Service: int32(x.Service)})
	case "customer":
		frequency := int(x.Frequency)
		if frequency < 1 || p.Days%frequency != 0 {
			return fmt.Errorf("customer %d is visited %d times in %d days, which cannot be evenly apart", i, frequency, p.Days)
		}
		site := Site{Name: fmt.Sprint(i), Location: i, Service: int32(x.Service), Place: -1}
		for range p.Days {
			site.First = append(site.First, int64(x.Demand))
		}
		site.Again = site.First[1:]
		for first := range p.Days / frequency {
			var pattern []int
			for day := first; day < p.Days; day += p.Days / frequency {
				pattern = append(pattern, day)
			}
			site.Patterns = append(site.Patterns, pattern)
		}
		p.Sites = append(p.Sites, site)
	default:
		return fmt.Errorf("feature %d is of type %q instead of depot, customer or intermediateFacility", i, x.Type)
	}
	return nil
}
