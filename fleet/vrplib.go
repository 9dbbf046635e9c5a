package fleet

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxNodes bounds the matrix of a VRPLIB instance to 3.2 GB.
const maxNodes = 20_000

// ReadVRPLIB reads a problem in VRPLIB format with EDGE_WEIGHT_TYPE EUC_2D, of these types: CVRP, such as the X
// instances of Uchoa et al. (2017); HFVRP (vehicles differ in capacity and costs); VRPTW, such as those of
// Gehring & Homberger (1999); PCVRPTW (stops are optional and have prizes); MDVRPTW (several depots).
//
// Distances are rounded to the nearest integer, the convention of the X set, or where there are time
// windows multiplied by ten and cut off, that of the DIMACS challenge; all times are then in tenths, and a prize is ten
// times the file's. Distances, times and fixed costs of MDVRPTW and HFVRP are multiplied by a thousand and rounded,
// as for their best known solutions. A unit of distance is a metre and costs a cent (a vehicle's
// unit cost where one is given), so that a solution's Cost is the instance's. Driving takes
// time only where there are windows. Stops are the nodes but the depots, in order, named by their number in the
// file; all are required unless they have prizes. Vehicles that the file does not
// count are twice as many as the demand needs, and ten.
//
// The error names the line and what is wrong with it.
func ReadVRPLIB(r io.Reader) (*Problem, error) {
	f := vrplib{values: map[string]map[int][]float64{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<16)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "EOF" {
			break
		}
		if line == "" {
			continue
		}
		if err := f.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	return f.problem()
}

// The sections of values by node or vehicle.
const (
	sectionDemand  = "DEMAND_SECTION"
	sectionService = "SERVICE_TIME_SECTION"
	sectionWindow  = "TIME_WINDOW_SECTION"
	sectionPrize   = "PRIZE_SECTION"
	sectionRoom    = "CAPACITY_SECTION"
	sectionFixed   = "VEHICLES_FIXED_COST_SECTION"
	sectionUnit    = "VEHICLES_UNIT_DISTANCE_COST_SECTION"
	sectionStart   = "VEHICLES_DEPOT_SECTION"
)

// vrplib is a file while it is read.
type vrplib struct {
	kind        string // TYPE
	section     string
	dimension   int
	vehicles    int
	capacity    float64
	serviceTime float64
	maxOut      float64 // the longest that a vehicle may be out; 0 means no limit
	scale       float64 // of distances and times
	points      [][2]float64
	values      map[string]map[int][]float64 // by section and number of node or vehicle, from 1
	depots      []int
	depotsEnd   bool
	euclidean   bool
}

// line reads one line.
func (f *vrplib) line(line string) error {
	if key, value, ok := strings.Cut(line, ":"); ok {
		f.section = ""
		return f.field(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	if strings.HasSuffix(line, "_SECTION") {
		switch line {
		case "NODE_COORD_SECTION", "DEPOT_SECTION":
		case sectionDemand, sectionService, sectionWindow, sectionPrize, sectionRoom, sectionFixed, sectionUnit, sectionStart:
			f.values[line] = map[int][]float64{}
		default:
			return fmt.Errorf("section %s is not read", line)
		}
		f.section = line
		return nil
	}
	fields := strings.Fields(line)
	switch f.section {
	case "":
		return fmt.Errorf("%q belongs to no section", line)
	case "NODE_COORD_SECTION":
		return f.point(fields)
	case "DEPOT_SECTION":
		for _, field := range fields {
			depot, err := strconv.Atoi(field)
			if err != nil {
				return fmt.Errorf("depot %q is not a number", field)
			}
			if f.depotsEnd = f.depotsEnd || depot == -1; !f.depotsEnd {
				f.depots = append(f.depots, depot)
			}
		}
		return nil
	default:
		return f.value(fields)
	}
}

// field reads a "KEY : value".
func (f *vrplib) field(key, value string) error {
	var err error
	switch key {
	case "TYPE":
		if !slices.Contains([]string{"CVRP", "HFVRP", "VRPTW", "PCVRPTW", "MDVRPTW"}, value) {
			return fmt.Errorf("type %s is not read, only CVRP, HFVRP, VRPTW, PCVRPTW and MDVRPTW", value)
		}
		f.kind = value
	case "EDGE_WEIGHT_TYPE":
		if value != "EUC_2D" {
			return fmt.Errorf("edge weights %s are not read, only EUC_2D", value)
		}
		f.euclidean = true
	case "DIMENSION":
		if f.dimension, err = strconv.Atoi(value); err != nil || f.dimension < 1 || f.dimension > maxNodes {
			return fmt.Errorf("dimension %q is not a number from 1 to %d", value, maxNodes)
		}
	case "VEHICLES":
		if f.vehicles, err = strconv.Atoi(value); err != nil || f.vehicles < 1 || f.vehicles > maxNodes {
			return fmt.Errorf("%q is not a number of vehicles from 1 to %d", value, maxNodes)
		}
	case "CAPACITY":
		if f.capacity, err = strconv.ParseFloat(value, 64); err != nil || !(f.capacity >= 0 && f.capacity <= maxLoad) {
			return fmt.Errorf("capacity %q is not a number from 0 to %d", value, int64(maxLoad))
		}
	case "SERVICE_TIME":
		if f.serviceTime, err = strconv.ParseFloat(value, 64); err != nil || !(f.serviceTime >= 0 && f.serviceTime <= maxSeconds/10) {
			return fmt.Errorf("service time %q is not a number from 0 to %d", value, maxSeconds/10)
		}
	case "VEHICLES_MAX_DURATION":
		if f.maxOut, err = strconv.ParseFloat(value, 64); err != nil || !(f.maxOut > 0 && f.maxOut <= maxSeconds) {
			return fmt.Errorf("longest duration %q is not a number up to %d", value, maxSeconds)
		}
	}
	return nil
}

func (f *vrplib) point(fields []string) error {
	if len(fields) != 3 {
		return fmt.Errorf("a node needs a number and two coordinates, here are %d values", len(fields))
	}
	if fields[0] != strconv.Itoa(len(f.points)+1) {
		return fmt.Errorf("node %s comes where node %d should", fields[0], len(f.points)+1)
	}
	if len(f.points) == maxNodes {
		return fmt.Errorf("there are more than %d nodes", maxNodes)
	}
	var at [2]float64
	for i, field := range fields[1:] {
		value, err := strconv.ParseFloat(field, 64)
		if err != nil || !(math.Abs(value) <= 1e8) {
			return fmt.Errorf("coordinate %q is not a number within a hundred million", field)
		}
		at[i] = value
	}
	f.points = append(f.points, at)
	return nil
}

// value reads a line of a section of values: the number of a node or vehicle and one value, or two for a window.
func (f *vrplib) value(fields []string) error {
	what := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(f.section, "_SECTION"), "_", " "))
	want := 2
	if f.section == sectionWindow {
		want = 3
	}
	if len(fields) != want {
		return fmt.Errorf("a %s needs %d values, here are %d", what, want, len(fields))
	}
	number, err := strconv.Atoi(fields[0])
	if err != nil || number < 1 || number > maxNodes {
		return fmt.Errorf("%q is not a number from 1 to %d", fields[0], maxNodes)
	}
	into := f.values[f.section]
	if _, ok := into[number]; ok {
		return fmt.Errorf("number %d has two values of %s", number, what)
	}
	for _, field := range fields[1:] {
		value, err := strconv.ParseFloat(field, 64)
		if err != nil || !(value >= 0 && value <= maxLoad) {
			return fmt.Errorf("%s %q is not a number from 0 to %d", what, field, int64(maxLoad))
		}
		into[number] = append(into[number], value)
	}
	return nil
}

// problem makes a Problem of what has been read.
func (f *vrplib) problem() (*Problem, error) {
	n := len(f.points)
	switch {
	case !f.euclidean:
		return nil, fmt.Errorf("there is no EDGE_WEIGHT_TYPE")
	case n == 0 || n != f.dimension:
		return nil, fmt.Errorf("the file gives %d nodes and says DIMENSION %d", n, f.dimension)
	case len(f.depots) == 0:
		return nil, fmt.Errorf("the file must name a depot among its %d nodes, it names none", n)
	}
	p := &Problem{
		Locations: n, Dimensions: 1, Seconds: make([]int32, n*n), Meters: make([]int32, n*n), Coordinates: f.points,
	}
	windows := f.values[sectionWindow]
	switch {
	case f.kind == "MDVRPTW" || f.kind == "HFVRP":
		f.scale = 1000
	case windows == nil:
		f.scale = 1
	default:
		f.scale = 10
	}
	for i, a := range f.points {
		for j, b := range f.points {
			apart := math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1])) // Hypot is off by a bit at times
			p.Meters[i*n+j] = f.scaled(apart)
		}
	}
	if windows != nil {
		copy(p.Seconds, p.Meters)
	}
	depotAt := map[int]int{} // by node
	for _, node := range f.depots {
		if _, ok := depotAt[node]; ok || node < 1 || node > n {
			return nil, fmt.Errorf("depot %d is not one of the %d nodes, or is named twice", node, n)
		}
		depotAt[node] = len(p.Depots)
		depot := Depot{Name: strconv.Itoa(node), Location: node - 1}
		if w, ok := windows[node]; ok {
			depot.Window = f.window(w)
		}
		p.Depots = append(p.Depots, depot)
	}
	total := 0.0
	for node := 1; node <= n; node++ {
		if _, ok := depotAt[node]; ok {
			continue
		}
		stop, err := f.stop(node)
		if err != nil {
			return nil, err
		}
		total += float64(stop.Load[0])
		p.Stops = append(p.Stops, stop)
	}
	if err := f.addVehicles(p, depotAt, total); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// scaled returns a distance or time in the units of the problem.
func (f *vrplib) scaled(value float64) int32 {
	switch f.scale {
	case 1:
		return int32(min(value+0.5, 1<<30))
	case 1000:
		return int32(min(math.Round(1000*value), 1<<30))
	default:
		return int32(min(f.scale*value, 1<<30))
	}
}

// window makes a Window of a file's times.
func (f *vrplib) window(w []float64) Window { return Window{f.scaled(w[0]), f.scaled(w[1])} }

// stop makes a Stop of a node.
func (f *vrplib) stop(node int) (Stop, error) {
	demand, ok := f.values[sectionDemand][node]
	if !ok {
		return Stop{}, fmt.Errorf("node %d has no demand", node)
	}
	s := Stop{Name: strconv.Itoa(node), Location: node - 1, Load: []int64{int64(demand[0])}, Required: true, Place: node - 1}
	if windows := f.values[sectionWindow]; windows != nil {
		window, ok := windows[node]
		if !ok {
			return Stop{}, fmt.Errorf("node %d has no time window", node)
		}
		s.Windows = []Window{f.window(window)}
		service := f.serviceTime
		if own, ok := f.values[sectionService][node]; ok {
			service = own[0]
		}
		s.Service = f.scaled(service)
	}
	if prizes := f.values[sectionPrize]; prizes != nil {
		prize, ok := prizes[node]
		if !ok {
			return Stop{}, fmt.Errorf("node %d has no prize", node)
		}
		s.Required, s.Prize = prize[0] == 0, int64(min(f.scale*prize[0], maxTotal+1))
	}
	return s, nil
}

// addVehicles makes the Vehicles; total is the demand.
func (f *vrplib) addVehicles(p *Problem, depotAt map[int]int, total float64) error {
	count := f.vehicles
	if count == 0 {
		count = int(min(2*total/max(f.capacity, 1)+10, float64(p.Locations)))
	}
	for i := 1; i <= count; i++ {
		v := Vehicle{Capacity: []int64{int64(f.capacity)}, KilometreCost: 1000, MaxSeconds: f.scaled(f.maxOut)}
		for section, into := range map[string]*int64{sectionRoom: &v.Capacity[0], sectionFixed: &v.FixedCost, sectionUnit: &v.KilometreCost} {
			if value, ok := f.values[section][i]; ok {
				*into = int64(value[0])
			} else if f.values[section] != nil {
				return fmt.Errorf("vehicle %d is not in %s", i, section)
			}
		}
		if f.values[sectionUnit] != nil {
			v.KilometreCost *= 1000
		}
		v.FixedCost *= int64(f.scale)
		if depot, ok := f.values[sectionStart][i]; ok {
			at, ok := depotAt[int(depot[0])]
			if !ok {
				return fmt.Errorf("vehicle %d starts at node %d, which is no depot", i, int(depot[0]))
			}
			v.Start, v.End = at, at
		}
		p.Vehicles = append(p.Vehicles, v)
	}
	return nil
}

// ReadVRPLIBSolution reads the routes of a solution in VRPLIB format ("Route #1: 4 2 3", "Cost 27591")
// and the cost that it states. Customer k is stop k-1, which holds where the depot is the first node. The
// routes are the first vehicles'; [Schedule] makes a Solution of them.
func ReadVRPLIBSolution(r io.Reader) ([]Route, int64, error) {
	var routes []Route
	cost := int64(-1)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if head, list, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(head, "Route") {
			route := Route{Vehicle: len(routes)}
			for field := range strings.FieldsSeq(list) {
				customer, err := strconv.Atoi(field)
				if err != nil || customer < 1 || customer > maxStops {
					return nil, 0, fmt.Errorf("line %d: customer %q is not a number from 1 to %d", number, field, maxStops)
				}
				route.Visits = append(route.Visits, Visit{Kind: Serve, Index: customer - 1})
			}
			routes = append(routes, route)
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != 2 || !strings.EqualFold(strings.TrimSuffix(fields[0], ":"), "cost") {
			return nil, 0, fmt.Errorf("line %d: %q is neither a route nor the cost", number, line)
		}
		value, err := strconv.ParseFloat(fields[1], 64)
		if err != nil || !(value >= 0 && value < 1e15) {
			return nil, 0, fmt.Errorf("line %d: cost %q is not a number", number, fields[1])
		}
		cost = int64(math.Round(value))
	}
	if err := lines.Err(); err != nil {
		return nil, 0, fmt.Errorf("line %d: %w", number+1, err)
	}
	if cost < 0 {
		return nil, 0, fmt.Errorf("the file states no cost")
	}
	return routes, cost, nil
}
