package fleet

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// smallSolomon is a depot and two customers.
const smallSolomon = `X2

VEHICLE
NUMBER     CAPACITY
  3          10

CUSTOMER
CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME

    0       0        0        0        0          100        0
    1       3        4        7       10           20        2.5
    2       6        8        4        0           50        1
`

func TestReadSolomonReadsVehiclesAndCustomers(t *testing.T) {
	p, err := ReadInstance(strings.NewReader(smallSolomon))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Vehicles) != 3 || p.Vehicles[0].Capacity[0] != 10 || p.Meters[1] != 50 || p.Seconds[5] != 50 {
		t.Errorf("%d vehicles, the first %+v, metres %v", len(p.Vehicles), p.Vehicles[0], p.Meters)
	}
	want := Stop{
		Name: "1", Location: 1, Service: 25, Load: []int64{7}, Windows: []Window{{100, 200}}, Required: true, Place: 1,
	}
	if !reflect.DeepEqual(p.Stops[0], want) || p.Depots[0].Window != (Window{0, 1000}) {
		t.Errorf("stop 0 is %+v, want %+v, and the depot %+v", p.Stops[0], want, p.Depots[0])
	}
}

// The same instance in both formats is the same problem.
func TestSolomonAndVRPLIBAgree(t *testing.T) {
	file, err := os.Open("../../shared/data/vrp/VRPTW/C1_10_2.vrp")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want, err := ReadInstance(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	var points [][2]string
	text, section := &strings.Builder{}, ""
	lines, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lines)) {
		fields := strings.Fields(line)
		if len(fields) == 1 {
			section = fields[0]
		} else if section == "NODE_COORD_SECTION" && len(fields) == 3 {
			points = append(points, [2]string{fields[1], fields[2]})
		}
	}
	fmt.Fprintf(text, "C1_10_2\n\nVEHICLE\nNUMBER CAPACITY\n %d %d\n\nCUSTOMER\nCUST NO. XCOORD. YCOORD.\n\n", len(want.Vehicles), want.Vehicles[0].Capacity[0])
	for i, at := range points {
		demand, window, service := int64(0), want.Depots[0].Window, int32(0)
		if i > 0 {
			s := want.Stops[i-1]
			demand, window, service = s.Load[0], s.Windows[0], s.Service
		}
		fmt.Fprintf(text, "%d %s %s %d %d %d %d\n", i, at[0], at[1], demand, window.Open/10, window.Close/10, service/10)
	}
	got, err := ReadInstance(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Stops {
		want.Stops[i].Name = got.Stops[i].Name // a number less
	}
	want.Depots[0].Name = "0"
	if !reflect.DeepEqual(got, want) {
		t.Error("the problems differ")
	}
}

func TestReadSolomonSaysWhatIsWrongWithAFile(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"a customer out of order", "    2       6", "    3       6", "line 12: customer 3 comes where customer 2 should"},
		{"a value too few", "50        1\n", "50\n", "line 12: a customer needs 7 values, here are 6"},
		{"a word", "6        8", "6        x", `line 12: coordinate "x" is not a number`},
		{"vehicles twice", "  3          10\n", "  3          10\n 3 10\n", "line 6: the vehicles are given twice"},
		{"no vehicles", "  3          10\n", "", "no number and capacity"},
		{"a number of vehicles that is none", "  3  ", "  0  ", `line 5: "0" is not a number of vehicles`},
		{"a window that closes before it opens", "10           20", "30           20", "closes at 00:03:20, before it opens"},
		{"a load too heavy", "        7    ", "        70   ", "no vehicle carries over"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(smallSolomon, test.old, test.new, 1)
			if text == smallSolomon {
				t.Fatal("nothing is wrong")
			}
			if _, err := ReadInstance(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func FuzzReadInstance(f *testing.F) {
	f.Add(smallSolomon)
	f.Add(smallVRP)
	f.Add("VEHICLE\n1 1\nCUSTOMER\n0 0 0 0 0 0 0\n1 1e300 0 0 0 0 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadInstance(strings.NewReader(text))
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Errorf("read a problem that is not valid: %v", err)
		}
	})
}
