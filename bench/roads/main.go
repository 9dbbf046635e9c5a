// Command roads measures Polder's routing for compare.py.
//
//	roads generate SIDE FILE.osm.pbf    draws a network (see generate.go)
//	roads arcs FILE.osm.pbf OUT         writes its graph of arcs for other engines
//	roads times PLACES FILE.osm.pbf     prints a line of JSON: the matrix of a car for which turns
//	                                    cost nothing, and how fast it drives on each way
//	roads measure PLACES FILE.osm.pbf   imports, prints a line of JSON, and then one more
//	                                    for each line that it reads: one round of the measurements
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/paulmach/orb"

	"polder.city/roads"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "roads:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want generate SIDE FILE, arcs FILE OUT, times PLACES FILE or measure PLACES FILE")
	}
	if args[0] == "arcs" {
		return writeArcs(args[1], args[2])
	}
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if args[0] == "generate" {
		f, err := os.Create(args[2])
		if err != nil {
			return err
		}
		nodes, err := generate(count, 1).write(f)
		if err != nil {
			return err
		}
		fmt.Println(nodes)
		return f.Close()
	}
	if args[0] == "times" {
		return times(count, args[2])
	}
	return measure(count, args[2])
}

// took is what something cost: seconds by the clock and of the processors.
type took struct {
	Wall float64 `json:"wall"`
	CPU  float64 `json:"cpu"`
}

func clock(do func() error) (took, error) {
	wall, cpu := time.Now(), processor()
	err := do()
	return took{time.Since(wall).Seconds(), processor() - cpu}, err
}

// processor returns the seconds that this process has computed.
func processor() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// loaded is what is known when a network stands.
type loaded struct {
	Import   took         `json:"import"`
	Build    took         `json:"build"`
	Stats    roads.Stats  `json:"stats"`
	MemoryMB float64      `json:"memory_mb"` // resident
	Places   [][2]float64 `json:"places"`
}

// round is one measurement of everything.
type round struct {
	Customize took `json:"customize"`
	Path      took `json:"path"` // all places, each to the next
	Matrix    took `json:"matrix"`
}

func load(file string, p roads.Profile) (n *roads.Network, g *roads.Graph, l loaded, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, l, err
	}
	defer f.Close()
	l.Import, err = clock(func() error {
		n, err = roads.ImportPBF(context.Background(), f, roads.ImportOptions{Name: file})
		return err
	})
	if err != nil {
		return nil, nil, l, err
	}
	l.Build, err = clock(func() error {
		g, err = roads.Build(n, p)
		return err
	})
	return n, g, l, err
}

func measure(count int, file string) error {
	n, g, l, err := load(file, roads.Truck())
	if err != nil {
		return err
	}
	l.Stats = g.Stats()
	at := draw(n, g, count)
	for _, s := range at {
		l.Places = append(l.Places, [2]float64(s.Point))
	}
	n = nil
	runtime.GC()
	debug.FreeOSMemory()
	if l.MemoryMB, err = resident(); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(l); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		r, err := one(g, at)
		if err != nil {
			return err
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// draw returns places beside random corners of streets.
func draw(n *roads.Network, g *roads.Graph, count int) (at []roads.Snap) {
	for r := rand.New(rand.NewPCG(1, 1)); len(at) < count; {
		p := n.Nodes[r.IntN(len(n.Nodes))]
		if s, err := g.Snap(orb.Point{p[0] + 1e-5, p[1] + 1e-5}, 20); err == nil {
			at = append(at, s)
		}
	}
	return at
}

// compared is what another engine's times are compared with.
type compared struct {
	Places  [][2]float64      `json:"places"`
	Seconds []int32           `json:"seconds"`
	Meters  []int32           `json:"meters"`
	Speeds  map[int64]float64 `json:"speeds"` // km/h by way
}

func times(count int, file string) error {
	p := roads.Car()
	p.RightSeconds, p.LeftSeconds, p.UTurnSeconds = 0, 0, 0
	n, g, _, err := load(file, p)
	if err != nil {
		return err
	}
	c := compared{Speeds: map[int64]float64{}}
	for i := range n.Ways {
		w := &n.Ways[i]
		v := float64(p.Speeds[w.Class])
		if w.MaxSpeed > 0 {
			v = min(v, float64(w.MaxSpeed)*p.SignedFactor)
		}
		if w.Unpaved {
			v *= p.UnpavedFactor
		}
		if v > 0 && (w.Forward|w.Backward)&p.Needs != 0 {
			c.Speeds[w.ID] = v
		}
	}
	at := draw(n, g, count)
	for _, s := range at {
		c.Places = append(c.Places, [2]float64(s.Point))
	}
	m, err := g.Matrix(context.Background(), at)
	if err != nil {
		return err
	}
	c.Seconds, c.Meters = m.Seconds, m.Meters
	return json.NewEncoder(os.Stdout).Encode(c)
}

func one(g *roads.Graph, at []roads.Snap) (r round, err error) {
	r.Customize, err = clock(func() error {
		_, err := g.With()
		return err
	})
	if err != nil {
		return r, err
	}
	r.Path, err = clock(func() error {
		for i := range at {
			if _, err := g.Path(at[i], at[(i+1)%len(at)]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	r.Matrix, err = clock(func() error {
		_, err := g.Matrix(context.Background(), at)
		return err
	})
	return r, err
}

// resident returns the memory that the process holds, in MB.
func resident() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kB); err == nil {
			return kB / 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no VmRSS")
}

// writeArcs writes, as little-endian numbers of 32 bits: the counts of nodes and
// edges; for each node longitude and latitude in 1e-7 degrees; tails, heads, milliseconds.
func writeArcs(file, to string) error {
	_, g, _, err := load(file, roads.Truck())
	if err != nil {
		return err
	}
	a := g.ArcGraph()
	numbers := []int32{int32(len(a.At)), int32(len(a.Tail))}
	for _, p := range a.At {
		numbers = append(numbers, int32(p[0]*1e7), int32(p[1]*1e7))
	}
	numbers = append(append(numbers, a.Tail...), a.Head...)
	for _, ms := range a.Millis {
		numbers = append(numbers, int32(ms))
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := binary.Write(w, binary.LittleEndian, numbers); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
