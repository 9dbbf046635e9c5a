package roads

import (
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"polder.city/roads/pbf"
)

// osmRing is a closed way that is an area by itself.
type osmRing struct {
	kind  AreaKind // 0 for a zone that is nothing else
	name  string
	zone  *Zone // without name and polygon; nil when it is none
	nodes []int64
}

// osmShape is an area whose outlines are made of several ways.
type osmShape struct {
	kind         AreaKind
	name         string
	zone         *Zone
	outer, inner []int64 // ways
}

// areaKind says what an area's tags mean to a painter; 0 is nothing.
func areaKind(tags pbf.Tags) AreaKind {
	switch tags.Get("natural") {
	case "water":
		return Water
	case "wood", "scrub", "heath", "grassland":
		return Green
	}
	if tags.Get("waterway") == "riverbank" || tags.Get("waterway") == "dock" {
		return Water
	}
	switch tags.Get("landuse") {
	case "reservoir", "basin":
		return Water
	case "forest", "grass", "meadow", "recreation_ground", "village_green", "allotments", "cemetery", "orchard":
		return Green
	case "residential", "commercial", "retail":
		return Built
	case "industrial":
		return Industrial
	}
	switch tags.Get("leisure") {
	case "park", "garden", "golf_course", "pitch", "nature_reserve":
		return Green
	}
	return 0
}

// areas makes polygons of all outlines that are whole: outer rings run
// counterclockwise, holes clockwise.
func (im *importer) areas() (areas []Area, zones []Zone) {
	add := func(kind AreaKind, zone *Zone, name string, p orb.Polygon) {
		if kind != 0 {
			areas = append(areas, Area{Kind: kind, Name: name, Polygon: p})
		}
		if zone != nil {
			z := *zone
			z.Name, z.Polygon = name, p
			zones = append(zones, z)
		}
	}
	for _, r := range im.rings {
		ring, ok := im.ring(r.nodes, orb.CCW)
		if !ok {
			im.counts.BrokenAreas++
			continue
		}
		add(r.kind, r.zone, r.name, orb.Polygon{ring})
	}
	for _, s := range im.shapes {
		outers, okOuter := im.join(s.outer, orb.CCW)
		inners, okInner := im.join(s.inner, orb.CW)
		if !okOuter || !okInner {
			im.counts.BrokenAreas++
		}
		polygons := make([]orb.Polygon, len(outers))
		for i, ring := range outers {
			polygons[i] = orb.Polygon{ring}
		}
		for _, hole := range inners {
			for i := range polygons {
				if planar.RingContains(outers[i], hole[0]) {
					polygons[i] = append(polygons[i], hole)
					break
				}
			}
		}
		for _, p := range polygons {
			add(s.kind, s.zone, s.name, p)
		}
	}
	return areas, zones
}

// ring makes a ring of a closed list of nodes; ok is false when one is missing.
func (im *importer) ring(nodes []int64, turning orb.Orientation) (ring orb.Ring, ok bool) {
	ring = make(orb.Ring, 0, len(nodes))
	for _, id := range nodes {
		i, known := slices.BinarySearch(im.ids, id)
		if !known || !im.places[i].found {
			return nil, false
		}
		ring = append(ring, im.point(i))
	}
	if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
		return nil, false
	}
	if ring.Orientation() == -turning {
		ring.Reverse()
	}
	return ring, true
}

// join makes rings of ways that meet at their ends; ok is false when some are left over.
func (im *importer) join(ways []int64, turning orb.Orientation) (rings []orb.Ring, ok bool) {
	ok = true
	ends := make(map[int64][]int) // by node: the ways that end there
	for i, id := range ways {
		if nodes := im.members[id]; len(nodes) >= 2 {
			ends[nodes[0]] = append(ends[nodes[0]], i)
			ends[nodes[len(nodes)-1]] = append(ends[nodes[len(nodes)-1]], i)
		} else {
			ok = false
		}
	}
	used := make([]bool, len(ways))
	for i, id := range ways {
		if used[i] || len(im.members[id]) < 2 {
			continue
		}
		used[i] = true
		line := slices.Clone(im.members[id])
		for line[0] != line[len(line)-1] {
			last := line[len(line)-1]
			next := slices.IndexFunc(ends[last], func(k int) bool { return !used[k] })
			if next < 0 {
				break
			}
			k := ends[last][next]
			used[k] = true
			piece := im.members[ways[k]]
			if piece[0] != last {
				piece = slices.Clone(piece)
				slices.Reverse(piece)
			}
			line = append(line, piece[1:]...)
		}
		ring, whole := im.ring(line, turning)
		if !whole {
			ok = false
			continue
		}
		rings = append(rings, ring)
	}
	return rings, ok
}
