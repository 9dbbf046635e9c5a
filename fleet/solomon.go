package fleet

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ReadInstance reads a problem in Solomon's format or VRPLIB's, whichever the file is in. See [ReadSolomon] and [ReadVRPLIB].
func ReadInstance(r io.Reader) (*Problem, error) {
	buffered := bufio.NewReader(r)
	head, _ := buffered.Peek(1024) // what goes wrong shows when it is read
	for line := range bytes.Lines(head) {
		if string(bytes.TrimSpace(line)) == "VEHICLE" {
			return ReadSolomon(buffered)
		}
	}
	return ReadVRPLIB(buffered)
}

// ReadSolomon reads a problem in the format of Solomon ("Algorithms for the vehicle routing and scheduling problems
// with time window constraints", Operations Research 35(2), 1987) and of Gehring & Homberger: the number and capacity of
// vehicles under VEHICLE, and under CUSTOMER per line a number, two coordinates, a demand, the window and the
// service time, the depot first as number 0. Distances and times are what ReadVRPLIB makes of a VRPTW; customer k is
// stop k-1, and named by its number.
//
// The error names the line and what is wrong with it.
func ReadSolomon(r io.Reader) (*Problem, error) {
	f := vrplib{
		kind: "VRPTW", euclidean: true, depots: []int{1},
		values: map[string]map[int][]float64{sectionDemand: {}, sectionService: {}, sectionWindow: {}},
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<16)
	section, number := "", 0
	for lines.Scan() {
		number++
		if err := f.solomonLine(strings.Fields(lines.Text()), &section); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	if f.vehicles == 0 {
		return nil, fmt.Errorf("the file gives no number and capacity of vehicles")
	}
	f.dimension = len(f.points)
	p, err := f.problem()
	if err != nil {
		return nil, err
	}
	p.Depots[0].Name = "0"
	for i := range p.Stops {
		p.Stops[i].Name = strconv.Itoa(i + 1)
	}
	return p, nil
}

// solomonLine reads one line.
func (f *vrplib) solomonLine(fields []string, section *string) error {
	if len(fields) == 0 {
		return nil
	}
	_, err := strconv.ParseFloat(fields[0], 64)
	heading := err != nil
	switch {
	case fields[0] == "VEHICLE" || fields[0] == "CUSTOMER":
		*section = fields[0]
		return nil
	case *section == "" || heading && (fields[0] == "NUMBER" || fields[0] == "CUST"): // the name, or the columns
		return nil
	case *section == "VEHICLE" && f.vehicles > 0:
		return fmt.Errorf("the vehicles are given twice")
	case *section == "VEHICLE" && len(fields) != 2:
		return fmt.Errorf("vehicles need a number and a capacity, here are %d values", len(fields))
	case *section == "VEHICLE":
		if err := f.field("VEHICLES", fields[0]); err != nil {
			return err
		}
		return f.field("CAPACITY", fields[1])
	case len(fields) != 7:
		return fmt.Errorf("a customer needs 7 values, here are %d", len(fields))
	case fields[0] != strconv.Itoa(len(f.points)):
		return fmt.Errorf("customer %s comes where customer %d should", fields[0], len(f.points))
	}
	node := strconv.Itoa(len(f.points) + 1)
	if err := f.point([]string{node, fields[1], fields[2]}); err != nil {
		return err
	}
	for _, part := range []struct {
		section string
		values  []string
	}{{sectionDemand, fields[3:4]}, {sectionWindow, fields[4:6]}, {sectionService, fields[6:7]}} {
		f.section = part.section
		if err := f.value(append([]string{node}, part.values...)); err != nil {
			return err
		}
	}
	return nil
}
