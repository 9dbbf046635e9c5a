package synth

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"polder.city/roads"
)

// texture is what a pattern of streets looks like.
type texture struct {
	across, deep float64 // metres between parallel streets, and between the streets across
	bend         float64 // metres by which streets swerve
	keep         float64 // share of the streets that is not needed to reach every corner, and is there all the same
	spine        int     // every n-th street across is a thoroughfare; 0: none
	oneWay       float64 // share of streets in one direction only
	walk         float64 // share of left-out pieces that is a path
	woonerf      float64 // share of dead ends that is a woonerf
	class        roads.Class
}

var textures = map[Pattern]texture{
	Neighbour:   {across: 58, deep: 104, bend: 20, keep: 0.42, spine: 6, oneWay: 0.22, walk: 0.14, woonerf: 0.55, class: roads.Residential},
	Centre:      {across: 56, deep: 78, bend: 7, keep: 0.8, spine: 5, oneWay: 0.35, walk: 0.6, woonerf: 0.2, class: roads.Residential},
	Estate:      {across: 120, deep: 190, bend: 10, keep: 0.85, spine: 4, walk: 0.1, class: roads.Unclassified},
	Countryside: {across: 260, deep: 420, bend: 40, keep: 0.45, class: roads.Unclassified},
	Sparse:      {across: 620, deep: 800, bend: 60, keep: 0.4, class: roads.Unclassified},
}

// quarter draws the streets of one piece of a district: a bent grid, of which a
// tree that reaches every corner stays and only a part of the rest. What is
// left out makes dead ends, some with a path on.
type quarter struct {
	*mesh
	rng      *rand.Rand
	district int32
	piece    shape
	closed   []shape // parks without streets
	texture  texture

	middle      vec
	east, north vec // along the rows, and across them
	cols, rows  int
	phase       [4]float64
	at          []int32 // node by row*cols+col, or -1
	horizontal  []leg   // by row*cols+col: to the next column
	vertical    []leg   // to the next row
	junctions   *[]vec  // where streets meet main roads or bridges lie, of the whole city
	spineRow    func(int) bool
	spineCol    func(int) bool
}

// leg is a possible piece of street between two crossings of the grid.
type leg struct {
	line     []vec
	possible bool
	special  bool // has a bridge or a junction with a main road
	kept     bool
	walk     bool
	spine    bool
}

// seedFor mixes the landscape's seed with a key, so that one district's streets do not depend on another's.
func seedFor(seed uint64, key string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash does not fail
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

func (q *quarter) draw() {
	q.layOut()
	q.placeNodes()
	q.findLegs()
	q.choose()
	q.buildStreets()
}

// layOut turns the grid along the piece's longest edge and counts its rows and columns.
func (q *quarter) layOut() {
	best := 0.0
	q.east = vec{1, 0}
	for _, ring := range q.piece.rings[:1] {
		for i := 1; i < len(ring); i++ {
			if d := ring[i].sub(ring[i-1]); d.length() > best {
				best = d.length()
				q.east = d.times(1 / best)
			}
		}
	}
	turn := (q.rng.Float64() - 0.5) * 0.12
	q.east = vec{q.east.x*math.Cos(turn) - q.east.y*math.Sin(turn), q.east.x*math.Sin(turn) + q.east.y*math.Cos(turn)}
	q.north = vec{-q.east.y, q.east.x}
	q.middle = q.piece.lo.mix(q.piece.hi, 0.5)
	var w, h float64
	for _, v := range q.piece.rings[0] {
		w = max(w, math.Abs(v.sub(q.middle).dot(q.east)))
		h = max(h, math.Abs(v.sub(q.middle).dot(q.north)))
	}
	q.cols, q.rows = 2*int(w/q.texture.deep)+3, 2*int(h/q.texture.across)+3
	for i := range q.phase {
		q.phase[i] = q.rng.Float64() * 2 * math.Pi
	}
	rowPhase, colPhase := q.rng.IntN(8), q.rng.IntN(8)
	spine := q.texture.spine
	q.spineRow = func(r int) bool { return spine > 0 && (r+rowPhase)%spine == 0 }
	q.spineCol = func(c int) bool { return spine > 0 && (c+colPhase)%(spine-1) == 0 }
}

// place returns the point at a row and a column, which need not be whole, on the bent grid.
func (q *quarter) place(row, col float64) vec {
	x := (col - float64(q.cols-1)/2) * q.texture.deep
	y := (row - float64(q.rows-1)/2) * q.texture.across
	b := q.texture.bend
	dx := b * (math.Sin(y/170+q.phase[0]) + 0.5*math.Sin(x/310+q.phase[1]))
	dy := b * (math.Sin(x/190+q.phase[2]) + 0.5*math.Sin(y/270+q.phase[3]))
	return q.middle.add(q.east.times(x + dx)).add(q.north.times(y + dy))
}

func (q *quarter) placeNodes() {
	q.at = make([]int32, q.rows*q.cols)
	for r := range q.rows {
		for c := range q.cols {
			i := r*q.cols + c
			q.at[i] = -1
			jitter := vec{q.rng.Float64() - 0.5, q.rng.Float64() - 0.5}.times(0.14 * q.texture.across)
			v := q.place(float64(r), float64(c)).add(jitter)
			if q.free(v) {
				q.at[i] = q.addNode(v)
			}
		}
	}
}

// free reports whether a crossing may lie at v: in the piece, dry, and clear of roads that are there.
func (q *quarter) free(v vec) bool {
	if !q.piece.contains(v) || q.piece.border(v) < 13 {
		return false
	}
	for i := range q.closed {
		if q.closed[i].within(v, 12) {
			return false
		}
	}
	for i := range q.water {
		if q.water[i].within(v, 14) {
			return false
		}
	}
	if e, _, _ := q.edgeNear(v, 60, fast); e >= 0 {
		return false
	}
	e, _, _ := q.edgeNear(v, 24, func(roads.Class) bool { return true })
	return e < 0
}

func (q *quarter) findLegs() {
	q.horizontal = make([]leg, len(q.at))
	q.vertical = make([]leg, len(q.at))
	for r := range q.rows {
		for c := range q.cols {
			i := r*q.cols + c
			if q.at[i] < 0 {
				continue
			}
			row, col := float64(r), float64(c)
			if c+1 < q.cols && q.at[i+1] >= 0 {
				q.horizontal[i] = q.leg(q.at[i], q.at[i+1], q.place(row, col+0.5), q.spineRow(r))
			}
			if r+1 < q.rows && q.at[i+q.cols] >= 0 {
				q.vertical[i] = q.leg(q.at[i], q.at[i+q.cols], q.place(row+0.5, col), q.spineCol(c))
			}
		}
	}
}

// leg judges the piece of street between two nodes by way of a point between.
func (q *quarter) leg(a, b int32, via vec, spine bool) leg {
	l := leg{line: []vec{q.nodes[a], via, q.nodes[b]}, spine: spine}
	if q.nodes[a].dist(q.nodes[b]) < 45 {
		l.line = []vec{q.nodes[a], q.nodes[b]} // too short to bend
	}
	for i := 1; i < len(l.line); i++ {
		if len(q.piece.crossings(l.line[i-1], l.line[i])) > 0 {
			return l
		}
		for j := range q.closed {
			if len(q.closed[j].crossings(l.line[i-1], l.line[i])) > 0 {
				return l
			}
		}
	}
	main := 0
	for _, c := range q.meets(l.line, a, b) {
		if class := q.class(c.edge); !isMain(class) || q.edges[c.edge].bridge {
			return l
		}
		main++
	}
	wet := len(q.wet(l.line))
	l.possible = main+wet <= 1
	l.special = main+wet == 1
	return l
}

// choose keeps the special legs that lie far enough apart, then a tree over all
// that is possible, then a share of the rest.
func (q *quarter) choose() {
	type candidate struct {
		leg    *leg
		a, b   int32
		weight float64
	}
	var all []candidate
	collect := func(l *leg, a, b int32) {
		if l.possible {
			all = append(all, candidate{l, a, b, q.rng.Float64()})
		}
	}
	for i := range q.at {
		collect(&q.horizontal[i], q.at[i], q.at[min(i+1, len(q.at)-1)])
		collect(&q.vertical[i], q.at[i], q.at[min(i+q.cols, len(q.at)-1)])
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		// Thoroughfares first, so that they are whole.
		if a.leg.spine != b.leg.spine {
			if a.leg.spine {
				return -1
			}
			return 1
		}
		if a.weight < b.weight {
			return -1
		}
		return 1
	})
	sets := newSets(len(q.nodes))
	for _, c := range all {
		if !c.leg.special {
			continue
		}
		const apart = 210
		v := c.leg.line[len(c.leg.line)/2]
		if slices.ContainsFunc(*q.junctions, func(o vec) bool { return o.dist(v) < apart }) {
			c.leg.possible = false
			continue
		}
		*q.junctions = append(*q.junctions, v)
		c.leg.kept = true
		sets.join(c.a, c.b)
	}
	for _, c := range all {
		if c.leg.special || !c.leg.possible {
			continue
		}
		if sets.join(c.a, c.b) || c.leg.spine || q.rng.Float64() < q.texture.keep {
			c.leg.kept = true
		} else {
			c.leg.walk = q.rng.Float64() < q.texture.walk
		}
	}
}

// buildStreets turns rows and columns of kept legs into streets.
func (q *quarter) buildStreets() {
	for r := range q.rows {
		run := q.startRun(q.spineRow(r), r)
		for c := range q.cols {
			i := r*q.cols + c
			run.leg(&q.horizontal[i], q.at[i], q.at[min(i+1, len(q.at)-1)])
		}
		run.end()
	}
	for c := range q.cols {
		run := q.startRun(q.spineCol(c), c)
		for r := range q.rows {
			i := r*q.cols + c
			run.leg(&q.vertical[i], q.at[i], q.at[min(i+q.cols, len(q.at)-1)])
		}
		run.end()
	}
}

// run strings the legs of a row or column into streets of some length.
type run struct {
	*quarter
	spine bool
	index int
	legs  []*leg
	ends  [][2]int32
}

func (q *quarter) startRun(spine bool, index int) *run {
	return &run{quarter: q, spine: spine, index: index}
}

func (r *run) leg(l *leg, a, b int32) {
	if l.walk {
		r.path(l, a, b)
	}
	if !l.kept {
		r.end()
		return
	}
	r.legs = append(r.legs, l)
	r.ends = append(r.ends, [2]int32{a, b})
	if limit := 9; !r.spine && (len(r.legs) == limit || (len(r.legs) > 2 && r.rng.Float64() < 0.12)) {
		r.end()
	}
}

// end makes a street of the legs that were gathered.
func (r *run) end() {
	if len(r.legs) == 0 {
		return
	}
	s := street{class: r.texture.class, forward: anybody, backward: anybody, speed: 30, district: r.district}
	special := slices.ContainsFunc(r.legs, func(l *leg) bool { return l.special })
	switch {
	case r.spine:
		s.class, s.speed = roads.Tertiary, 50
	case r.texture.class == roads.Unclassified:
		s.speed = 50
	case !special && len(r.legs) <= 2 && r.rng.Float64() < r.texture.woonerf:
		s.class, s.speed = roads.LivingStreet, 15
	case !special && len(r.legs) >= 2 && r.rng.Float64() < r.texture.oneWay:
		// Neighbours in turn, as in a real grid. Those that would cut a street off are opened again later.
		if r.index%2 == 0 {
			s.backward &^= motor
		} else {
			s.forward &^= motor
		}
	}
	id := r.addStreet(s)
	for i, l := range r.legs {
		r.mesh.draw(l.line, r.ends[i][0], r.ends[i][1], id, false)
	}
	r.legs, r.ends = r.legs[:0], r.ends[:0]
}

// path draws a footpath or cycleway where a street was left out.
func (r *run) path(l *leg, a, b int32) {
	s := street{class: roads.Cycleway, district: r.district, forward: roads.AccessBicycle | roads.AccessFoot}
	if r.rng.Float64() < 0.4 {
		s.class, s.forward = roads.Footway, roads.AccessFoot
	}
	if r.texture.class == roads.Residential && r.texture.deep < 80 {
		s.class, s.forward = roads.Pedestrian, roads.AccessFoot|roads.AccessBicycle
	}
	s.backward = s.forward
	r.mesh.draw(l.line, a, b, r.addStreet(s), false)
}
