package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
)

// A generated network stands on a grid of side x side junctions, 100 m apart and
// moved a little. Every sixteenth line is a main road, every sixty-fourth a primary
// one. Between the main roads lie quarters: one in ten is water; of the others one
// junction in twenty is missing, a third of the streets is one-way, and one street in
// four that reaches a main road is open to it.
const (
	quarterSide = 16
	spacing     = 0.0009 // degrees of latitude: 100 m
	stretch     = 1.64   // a degree of latitude in degrees of longitude, at 52.4 degrees north
)

type generated struct {
	side   int
	random *rand.Rand
	used   []bool
	ways   []generatedWay
}

type generatedWay struct {
	nodes  []int64
	class  string
	speed  int
	oneWay bool
}

// generate draws a network of a seed.
func generate(side int, seed uint64) *generated {
	g := &generated{side: side, random: rand.New(rand.NewPCG(seed, 1)), used: make([]bool, side*side)}
	for line := 0; line < side; line += quarterSide {
		class, speed := "secondary", 50
		if line%(4*quarterSide) == 0 {
			class, speed = "primary", 80
		}
		for _, across := range [...]bool{false, true} {
			var nodes []int64
			for k := range side {
				nodes = append(nodes, g.node(line, k, across))
			}
			g.add(generatedWay{nodes, class, speed, false})
		}
	}
	for y := 0; y < side; y += quarterSide {
		for x := 0; x < side; x += quarterSide {
			if g.random.IntN(10) > 0 {
				g.quarter(x, y)
			}
		}
	}
	return g
}

// quarter draws the streets inside the main roads around (x, y).
func (g *generated) quarter(x0, y0 int) {
	missing := make(map[int64]bool)
	for y := y0 + 1; y < min(y0+quarterSide, g.side); y++ {
		for x := x0 + 1; x < min(x0+quarterSide, g.side); x++ {
			if g.random.IntN(20) == 0 {
				missing[g.node(y, x, false)] = true
			}
		}
	}
	for _, across := range [...]bool{false, true} {
		line0, k0 := y0, x0
		if across {
			line0, k0 = x0, y0
		}
		for line := line0 + 1; line < min(line0+quarterSide, g.side); line++ {
			var nodes []int64
			oneWay := g.random.IntN(3) == 0
			end := func() {
				if len(nodes) > 1 {
					g.add(generatedWay{nodes, "residential", 30, oneWay})
				}
				nodes = nil
			}
			first, last := k0+1, min(k0+quarterSide-1, g.side-1)
			if g.random.IntN(4) == 0 {
				first--
			}
			if g.random.IntN(4) == 0 {
				last = min(last+1, g.side-1)
			}
			for k := first; k <= last; k++ {
				v := g.node(line, k, across)
				if missing[v] {
					end()
					continue
				}
				nodes = append(nodes, v)
			}
			end()
		}
	}
}

func (g *generated) node(line, k int, across bool) int64 {
	if across {
		return int64(k*g.side + line)
	}
	return int64(line*g.side + k)
}

func (g *generated) add(w generatedWay) {
	for _, v := range w.nodes {
		g.used[v] = true
	}
	g.ways = append(g.ways, w)
}

// write writes the network as an OpenStreetMap PBF file and returns its nodes.
func (g *generated) write(to io.Writer) (nodes int, err error) {
	w := bufio.NewWriter(to)
	p := pbfWriter{w: w}
	p.header()
	for v, used := range g.used {
		dx, dy := g.random.Float64()-0.5, g.random.Float64()-0.5
		if !used {
			continue
		}
		nodes++
		p.node(int64(v+1), 5+(float64(v%g.side)+0.4*dx)*spacing*stretch, 52+(float64(v/g.side)+0.4*dy)*spacing)
	}
	p.flush()
	for i, way := range g.ways {
		tags := []string{"highway", way.class, "maxspeed", fmt.Sprint(way.speed), "name", fmt.Sprintf("Straat %d", i)}
		if way.oneWay {
			tags = append(tags, "oneway", "yes")
		}
		p.way(int64(i+1), way.nodes, tags)
	}
	p.flush()
	if p.err != nil {
		return 0, p.err
	}
	return nodes, w.Flush()
}
