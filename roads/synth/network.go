package synth

import (
	"github.com/paulmach/orb"

	"polder.city/roads"
)

// network writes the mesh down: its nodes that are used, streets as ways, areas.
func (m *mesh) network(p plane, l Landscape) *roads.Network {
	n := &roads.Network{Source: l.Source, Simulated: true}
	index := make([]int32, len(m.nodes))
	for i := range index {
		index[i] = -1
	}
	node := func(i int32) int32 {
		if index[i] < 0 {
			index[i] = int32(len(n.Nodes))
			n.Nodes = append(n.Nodes, p.point(m.nodes[i]))
		}
		return index[i]
	}
	for _, chain := range m.chains() {
		s := &m.streets[m.edges[chain[0]].street]
		for len(chain) > 0 {
			// A way ends where a bridge begins or ends.
			k := 1
			for k < len(chain) && m.edges[chain[k]].bridge == m.edges[chain[0]].bridge {
				k++
			}
			w := roads.Way{
				ID: int64(len(n.Ways) + 1), Name: s.name, Ref: s.ref, Class: s.class,
				Forward: s.forward, Backward: s.backward, MaxSpeed: s.speed, Bridge: m.edges[chain[0]].bridge,
				Nodes: []int32{node(m.edges[chain[0]].a)},
			}
			for _, e := range chain[:k] {
				w.Nodes = append(w.Nodes, node(m.edges[e].b))
			}
			n.Ways = append(n.Ways, w)
			chain = chain[k:]
		}
	}
	n.Areas = l.areas(p)
	return n
}

// chains returns each street's edges in drawing order, a chain for each
// unbroken part. A street that comes back to a node is broken there.
func (m *mesh) chains() [][]int32 {
	byStreet := make([][]int32, len(m.streets))
	for e := range m.edges {
		if !m.edges[e].gone {
			s := m.edges[e].street
			byStreet[s] = append(byStreet[s], int32(e))
		}
	}
	var all [][]int32
	for _, edges := range byStreet {
		after := make(map[int32]int32, len(edges)) // edge that leaves a node
		entered := make(map[int32]bool, len(edges))
		for _, e := range edges {
			if _, twice := after[m.edges[e].a]; !twice {
				after[m.edges[e].a] = e
			}
			entered[m.edges[e].b] = true
		}
		done := make(map[int32]bool, len(edges))
		follow := func(e int32) {
			var chain []int32
			for !done[e] {
				done[e] = true
				chain = append(chain, e)
				next, ok := after[m.edges[e].b]
				if !ok {
					break
				}
				e = next
			}
			if len(chain) > 0 {
				all = append(all, chain)
			}
		}
		for _, e := range edges {
			if !entered[m.edges[e].a] {
				follow(e)
			}
		}
		for _, e := range edges {
			follow(e) // rings, and what a ring's break left
		}
	}
	return all
}

// areas returns what lies under the streets, the lowest first.
func (l *Landscape) areas(p plane) []roads.Area {
	var all []roads.Area
	for _, d := range l.Districts {
		kind := roads.Built
		switch d.Pattern {
		case Neighbour, Centre:
		case Estate:
			kind = roads.Industrial
		default:
			continue
		}
		for _, polygon := range d.Polygon {
			all = append(all, roads.Area{Kind: kind, Name: d.Name, Polygon: polygon})
		}
	}
	for _, g := range l.Green {
		all = append(all, roads.Area{Kind: roads.Green, Name: g.Name, Polygon: g.Polygon, Schematic: true})
	}
	for i := range l.Water {
		w := &l.Water[i]
		all = append(all, roads.Area{Kind: roads.Water, Name: w.Name, Polygon: orb.Polygon(w.outline(p)), Schematic: w.Schematic})
	}
	return all
}
