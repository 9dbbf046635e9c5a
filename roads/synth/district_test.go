package synth

import (
	"testing"

	"github.com/paulmach/orb"

	"polder.city/roads"
)

func TestADistrictsOwnStreetsStayInsideIt(t *testing.T) {
	square := func(lon float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{lon, 52.30}, {lon + 0.02, 52.30}, {lon + 0.012, 52.312}, {lon + 0.01, 52.303}, {lon, 52.31}, {lon, 52.30}}}}
	}
	for seed := range uint64(20) {
		l := Landscape{Seed: seed, Districts: []District{
			{Code: "A", Polygon: square(5.20), Pattern: Neighbour}, {Code: "B", Polygon: square(5.22), Pattern: Centre},
		}}
		p := newPlane(orb.Point{5.22, 52.305})
		b, err := l.bound()
		if err != nil {
			t.Fatal(err)
		}
		m := l.draw(p, b)
		streets := 0
		for _, e := range m.edges {
			d := m.streets[e.street].district
			if d < 0 || e.gone {
				continue
			}
			streets++
			piece := p.polygon(l.Districts[d].Polygon[0])
			for _, v := range []vec{m.nodes[e.a], m.nodes[e.b], m.nodes[e.a].mix(m.nodes[e.b], 0.5)} {
				if !piece.contains(v) {
					t.Fatalf("seed %d: a street of district %d lies outside it at %v", seed, d, v)
				}
			}
		}
		if streets < 50 {
			t.Errorf("seed %d: %d pieces of street", seed, streets)
		}
	}
}

func TestStreetsThatCrossShareANodeOrPassAbove(t *testing.T) {
	m := newMesh(vec{-500, -500}, vec{500, 500})
	main := m.addStreet(street{class: roads.Secondary, forward: anybody, backward: anybody, district: -1})
	fastRoad := m.addStreet(street{class: roads.Motorway, forward: motor, district: -1})
	other := m.addStreet(street{class: roads.Secondary, forward: anybody, backward: anybody, district: -1})
	m.draw([]vec{{-400, 0}, {400, 0}}, -1, -1, main, false)
	m.draw([]vec{{-400, 200}, {400, 200}}, -1, -1, fastRoad, true)
	m.draw([]vec{{0, -300}, {0, 400}}, -1, -1, other, false)
	shared, bridges := 0, 0
	for n, d := range m.degree {
		if d == 4 {
			shared++
			if m.nodes[n].length() > 0.01 {
				t.Errorf("the crossing lies at %v", m.nodes[n])
			}
		}
	}
	for _, e := range m.edges {
		if e.bridge {
			bridges++
			if m.nodes[e.a].y > 180 || m.nodes[e.b].y < 220 {
				t.Errorf("the bridge runs from %v to %v", m.nodes[e.a], m.nodes[e.b])
			}
		}
	}
	if shared != 1 || bridges != 1 {
		t.Errorf("%d shared nodes and %d bridges, want one of each", shared, bridges)
	}
}
