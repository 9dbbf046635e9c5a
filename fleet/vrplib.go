package fleet

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxNodes bounds the matrix of a VRPLIB instance to 3.2 GB.
const maxNodes = 20_000

// ReadVRPLIB reads a capacitated problem in VRPLIB format (TYPE CVRP, EDGE_WEIGHT_TYPE EUC_2D), such
// as the X instances of Uchoa et al. (2017). Distances are rounded to the nearest integer, the
// convention of that set; a unit of distance is a metre and costs a cent, so that a
// solution's Cost is the instance's. Driving takes no time. Stops are the nodes but the
// depot, in order, named by their number in the file; all are required. Vehicles that the file does not
// count are twice as many as the demand needs, and ten.
//
// The error names the line and what is wrong with it.
func ReadVRPLIB(r io.Reader) (*Problem, error) {
	f := vrplib{demand: map[int]int64{}}
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

// vrplib is a file while it is read.
type vrplib struct {
	section   string
	dimension int
	vehicles  int
	capacity  int64
	points    [][2]float64
	demand    map[int]int64 // by node, from 1
	depots    []int
	depotsEnd bool
	euclidean bool
}

// line reads one line.
func (f *vrplib) line(line string) error {
	if key, value, ok := strings.Cut(line, ":"); ok {
		f.section = ""
		return f.field(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	if strings.HasSuffix(line, "_SECTION") {
		switch line {
		case "NODE_COORD_SECTION", "DEMAND_SECTION", "DEPOT_SECTION":
			f.section = line
			return nil
		}
		return fmt.Errorf("section %s is not read: only plain CVRP instances are", line)
	}
	fields := strings.Fields(line)
	switch f.section {
	case "NODE_COORD_SECTION":
		return f.point(fields)
	case "DEMAND_SECTION":
		return f.demandOf(fields)
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
	}
	return fmt.Errorf("%q belongs to no section", line)
}

// field reads a "KEY : value".
func (f *vrplib) field(key, value string) error {
	var err error
	switch key {
	case "TYPE":
		if value != "CVRP" {
			return fmt.Errorf("type %s is not read, only CVRP", value)
		}
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
		if f.capacity, err = strconv.ParseInt(value, 10, 64); err != nil || f.capacity < 0 || f.capacity > maxLoad {
			return fmt.Errorf("capacity %q is not a number from 0 to %d", value, int64(maxLoad))
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

func (f *vrplib) demandOf(fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("a demand needs a node and an amount, here are %d values", len(fields))
	}
	node, err := strconv.Atoi(fields[0])
	if err != nil || node < 1 || node > maxNodes {
		return fmt.Errorf("node %q is not a number from 1 to %d", fields[0], maxNodes)
	}
	if _, ok := f.demand[node]; ok {
		return fmt.Errorf("node %d has two demands", node)
	}
	amount, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || amount < 0 || amount > maxLoad {
		return fmt.Errorf("demand %q is not a number from 0 to %d", fields[1], int64(maxLoad))
	}
	f.demand[node] = amount
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
	case len(f.depots) != 1 || f.depots[0] < 1 || f.depots[0] > n:
		return nil, fmt.Errorf("the file must name one depot among its %d nodes, it names %v", n, f.depots)
	}
	depot := f.depots[0] - 1
	p := &Problem{
		Locations: n, Dimensions: 1, Seconds: make([]int32, n*n), Meters: make([]int32, n*n),
		Depots: []Depot{{Name: strconv.Itoa(depot + 1), Location: depot}},
	}
	for i, a := range f.points {
		for j, b := range f.points {
			p.Meters[i*n+j] = int32(math.Hypot(a[0]-b[0], a[1]-b[1]) + 0.5)
		}
	}
	total := int64(0)
	for i := range f.points {
		amount, ok := f.demand[i+1]
		if !ok {
			return nil, fmt.Errorf("node %d has no demand", i+1)
		}
		if i == depot {
			continue
		}
		total += amount
		p.Stops = append(p.Stops, Stop{
			Name: strconv.Itoa(i + 1), Location: i, Load: []int64{amount}, Required: true, Place: i,
		})
	}
	vehicles := f.vehicles
	if vehicles == 0 {
		vehicles = int(min(2*total/max(f.capacity, 1)+10, int64(n)))
	}
	for range vehicles {
		p.Vehicles = append(p.Vehicles, Vehicle{Capacity: []int64{f.capacity}, KilometreCost: 1000})
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
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
