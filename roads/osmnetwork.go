package roads

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// network puts the parts together. Nodes are numbered as streets first use them,
// so that neighbours on the map are neighbours in memory and in the file.
func (im *importer) network() *Network {
	n := &Network{Source: "© OpenStreetMap contributors"}
	number := make([]int32, len(im.ids))
	pieces := make(map[int64][]int32, len(im.ways))
	for _, w := range im.ways {
		var nodes []int32
		flush := func() {
			if len(nodes) >= 2 {
				piece := w.way
				piece.Nodes = nodes
				pieces[piece.ID] = append(pieces[piece.ID], int32(len(n.Ways)))
				n.Ways = append(n.Ways, piece)
			}
			nodes = nil
		}
		for _, id := range w.nodes {
			i, _ := slices.BinarySearch(im.ids, id)
			if !im.places[i].found {
				im.counts.MissingNodes++
				flush()
				continue
			}
			if number[i] == 0 {
				n.Nodes = append(n.Nodes, im.point(i))
				number[i] = int32(len(n.Nodes))
			}
			nodes = append(nodes, number[i]-1)
		}
		flush()
	}
	find := func(id int64) (int32, bool) {
		i, ok := slices.BinarySearch(im.ids, id)
		if !ok {
			return 0, false
		}
		return number[i] - 1, number[i] > 0
	}
	for _, b := range im.barriers {
		if v, ok := find(b.node); ok {
			b.barrier.Node = v
			n.Barriers = append(n.Barriers, b.barrier)
		}
	}
	slices.SortStableFunc(n.Barriers, func(a, b Barrier) int { return int(a.Node) - int(b.Node) })
	n.Barriers = slices.CompactFunc(n.Barriers, func(a, b Barrier) bool { return a.Node == b.Node })
	for _, t := range im.turns {
		r := Restriction{Only: t.only, Applies: t.applies, When: t.when}
		var ok bool
		if len(t.over) > 0 {
			ok = n.over(&r, pieces, &t)
		} else if r.Via, ok = find(t.via); ok {
			var okFrom, okTo bool
			r.From, okFrom = pieceAt(n, pieces[t.from], r.Via)
			r.To, okTo = pieceAt(n, pieces[t.to], r.Via)
			ok = okFrom && okTo
		}
		if !ok {
			im.counts.LostRestrictions++
			continue
		}
		if len(r.Over) > 0 {
			im.counts.ViaWays++
		}
		n.Restrictions = append(n.Restrictions, r)
	}
	n.Areas, n.Zones = im.areas()
	im.counts.Nodes, im.counts.Ways, im.counts.Areas = len(n.Nodes), len(n.Ways), len(n.Areas)
	im.counts.Zones = len(n.Zones)
	im.counts.Barriers, im.counts.Restrictions = len(n.Barriers), len(n.Restrictions)
	return n
}

// over finds the ways of a restriction over ways, which must be whole and meet one after
// the other, in the order of the file or against it.
func (n *Network) over(r *Restriction, pieces map[int64][]int32, t *osmTurn) bool {
	for _, id := range t.over {
		if len(pieces[id]) != 1 {
			return false
		}
		r.Over = append(r.Over, pieces[id][0])
	}
	for range 2 {
		for _, r.From = range pieces[t.from] {
			for _, r.To = range pieces[t.to] {
				if joints, ok := n.joints(r, -1); ok {
					r.Via = joints[0]
					return true
				}
			}
		}
		slices.Reverse(r.Over)
	}
	return false
}

// pieceAt returns the piece of a way that holds a node.
func pieceAt(n *Network, pieces []int32, node int32) (int32, bool) {
	for _, w := range pieces {
		if slices.Contains(n.Ways[w].Nodes, node) {
			return w, true
		}
	}
	return 0, false
}

// point returns the coordinates of a needed node in degrees.
func (im *importer) point(i int) orb.Point {
	return orb.Point{degrees(im.places[i].lon), degrees(im.places[i].lat)}
}

// degrees returns the degrees nearest to a number of 1e-7 degree, and units is
// its inverse: both ways give the same again.
func degrees(units int32) float64 { return float64(units) / 1e7 }

func units(degrees float64) int32 { return int32(math.Round(degrees * 1e7)) }
