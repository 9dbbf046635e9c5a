package roads_test

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"polder.city/roads"
)

func realGraph(t testing.TB) *roads.Graph {
	t.Helper()
	g, err := roads.Build(realNetwork(t), roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// places snaps count places, spread over Liechtenstein, a few metres beside its streets.
func places(t testing.TB, g *roads.Graph, count int) []roads.Snap {
	t.Helper()
	n := realNetwork(t)
	var at []roads.Snap
	for i := 0; len(at) < count; i += 37 {
		p := n.Nodes[i%len(n.Nodes)]
		if s, err := g.Snap(orb.Point{p[0] + 3e-5*float64(i%3), p[1] - 2e-5*float64(i%5)}, 50); err == nil {
			at = append(at, s)
		}
	}
	return at
}

func TestLiechtensteinsMatrixIsRightAndFast(t *testing.T) {
	started := time.Now()
	g := realGraph(t)
	t.Logf("built in %v: %+v", time.Since(started), g.Stats())
	s := g.Stats()
	if s.Edges < 2500 || s.Share < 0.8 || s.Turns < s.Arcs {
		t.Errorf("implausible graph: %+v", s)
	}
	at := places(t, g, 400)
	started = time.Now()
	m, err := g.Matrix(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("matrix of 400 x 400 in %v", time.Since(started))

	c, err := roads.NewChecker(realNetwork(t), roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	asymmetry := 0.0
	for i := range m.N {
		if m.Seconds[i*m.N+i] != 0 || m.Meters[i*m.N+i] != 0 {
			t.Errorf("from place %d to itself is %d s", i, m.Seconds[i*m.N+i])
		}
		for _, step := range []int{1, 133} {
			j := (i + step) % m.N
			k := i*m.N + j
			p, err := g.Path(at[i], at[j])
			if err != nil {
				t.Fatal(err)
			}
			if p.Seconds != m.Seconds[k] || p.Meters != m.Meters[k] {
				t.Errorf("%d to %d: path %d s, %d m; matrix %d s, %d m", i, j, p.Seconds, p.Meters, m.Seconds[k], m.Meters[k])
			}
			if err := c.Check(p.Line); err != nil {
				t.Errorf("%d to %d cannot be driven: %v", i, j, err)
			}
			if drawn := lineLength(p.Line); math.Abs(drawn-float64(p.Meters)) > 1+0.001*drawn {
				t.Errorf("%d to %d: the line is %.1f m, the path %d m", i, j, drawn, p.Meters)
			}
			if crow := distance(at[i].Point, at[j].Point); float64(p.Meters) < crow-1 || float64(p.Seconds) < crow/(80/3.6)-1 {
				t.Errorf("%d to %d: %d m in %d s, as the crow flies it is %.0f m", i, j, p.Meters, p.Seconds, crow)
			}
			asymmetry += math.Abs(float64(m.Seconds[k]-m.Seconds[j*m.N+i])) / float64(2*m.N)
		}
	}
	t.Logf("there and back differ by %.1f s on the mean", asymmetry)
	if asymmetry > 60 {
		t.Errorf("there and back differ by %.1f s on the mean", asymmetry)
	}
	before := runtime.GOMAXPROCS(1)
	alone, err := g.Matrix(t.Context(), at[:60])
	runtime.GOMAXPROCS(before)
	if err != nil {
		t.Fatal(err)
	}
	for i := range alone.N {
		row := m.Seconds[i*m.N : i*m.N+alone.N]
		if !slices.Equal(alone.Seconds[i*alone.N:(i+1)*alone.N], row) {
			t.Errorf("one processor and fewer places give another row %d", i)
		}
	}
}

func distance(a, b orb.Point) float64 {
	x := (b[0] - a[0]) * math.Cos((a[1]+b[1])/2*math.Pi/180)
	return math.Hypot(x, b[1]-a[1]) * math.Pi / 180 * 6371008.8
}

func lineLength(l orb.LineString) (sum float64) {
	for i := 1; i < len(l); i++ {
		sum += distance(l[i-1], l[i])
	}
	return sum
}

// drawTown draws a random network on a grid, with one-way streets, slow ones,
// barriers and turn restrictions.
func drawTown(t *rapid.T) *town {
	n := newTown()
	side := rapid.IntRange(2, 4).Draw(t, "side")
	// Askew, so that no street runs through another's corner.
	corner := func(k int) orb.Point { return at(float64(k%side*100+3*k*k), float64(k/side*130+5*k*k)) }
	joined := map[[2]int]bool{}
	count := rapid.IntRange(3, 14).Draw(t, "streets")
	for range count {
		a := rapid.IntRange(0, side*side-1).Draw(t, "from")
		b := rapid.IntRange(0, side*side-1).Draw(t, "to")
		if a == b {
			continue
		}
		forward, backward := both, both
		switch rapid.IntRange(0, 3).Draw(t, "direction") {
		case 0:
			backward = none
		case 1:
			forward = none
		}
		corners := []orb.Point{corner(a), corner(b)}
		pair := [2]int{min(a, b), max(a, b)}
		if rapid.Bool().Draw(t, "bent") || joined[pair] {
			// Bends differ from street to street, so that no two streets coincide.
			k := float64(len(n.Ways))
			corners = []orb.Point{corner(a), at(400+13*k, 40+7*k), corner(b)}
		}
		joined[pair] = true
		w := n.street("", forward, backward, corners...)
		n.Ways[w].MaxSpeed = uint8(rapid.SampledFrom([]int{0, 15, 30}).Draw(t, "speed"))
	}
	if len(n.Ways) == 0 {
		n.street("", both, both, corner(0), corner(1))
	}
	for range rapid.IntRange(0, 4).Draw(t, "restrictions") {
		n.Restrictions = append(n.Restrictions, roads.Restriction{
			From: int32(rapid.IntRange(0, len(n.Ways)-1).Draw(t, "from way")),
			To:   int32(rapid.IntRange(0, len(n.Ways)-1).Draw(t, "to way")),
			Via:  int32(rapid.IntRange(0, len(n.Nodes)-1).Draw(t, "via")),
			Only: rapid.IntRange(0, 3).Draw(t, "only") == 0,
		})
	}
	drawRules(t, n)
	if rapid.IntRange(0, 2).Draw(t, "barrier") == 0 {
		n.Barriers = []roads.Barrier{{Node: int32(rapid.IntRange(0, len(n.Nodes)-1).Draw(t, "barrier at"))}}
	}
	return n
}

// morning is when the rules hold that hold at times.
const morning = "07:00-09:00"

// drawRules adds restrictions over ways, private streets and rules with hours.
func drawRules(t *rapid.T, n *town) {
	ends := func(way int32) (first, last int32) {
		nodes := n.Ways[way].Nodes
		return nodes[0], nodes[len(nodes)-1]
	}
	// leaving draws a way that has an end at a node, and returns its other end.
	leaving := func(node int32) (way, other int32) {
		var ways []int32
		for w := range int32(len(n.Ways)) {
			if first, last := ends(w); first == node || last == node {
				ways = append(ways, w)
			}
		}
		way = rapid.SampledFrom(ways).Draw(t, "next way")
		first, last := ends(way)
		if first == node {
			return way, last
		}
		return way, first
	}
	for range rapid.IntRange(0, 4).Draw(t, "restrictions over ways") {
		r := roads.Restriction{From: int32(rapid.IntRange(0, len(n.Ways)-1).Draw(t, "from way")), Only: rapid.IntRange(0, 2).Draw(t, "only") == 0}
		_, r.Via = ends(r.From)
		node := r.Via
		for range rapid.IntRange(1, 3).Draw(t, "ways between") {
			var way int32
			way, node = leaving(node)
			r.Over = append(r.Over, way)
		}
		r.To, _ = leaving(node)
		// Turning back between two of its ways is not what a map says over ways, and at a barrier the
		// naive search would have to know it.
		ways := append(append([]int32{r.From}, r.Over...), r.To)
		if len(slices.Compact(slices.Clone(ways))) == len(ways) {
			n.Restrictions = append(n.Restrictions, r)
		}
	}
	for i := range n.Restrictions {
		if rapid.IntRange(0, 3).Draw(t, "at times") == 0 {
			n.Restrictions[i].When = morning
		}
	}
	for i := range n.Ways {
		w := &n.Ways[i]
		switch rapid.IntRange(0, 11).Draw(t, "rule") {
		case 0, 1:
			w.Private = both
		case 2:
			w.Conditionals = []roads.Conditional{{When: morning, Forward: both, Backward: both}}
		case 3:
			w.Conditionals = []roads.Conditional{{When: morning, Forward: both, Backward: both, Admits: both}}
		case 4:
			w.Conditionals = []roads.Conditional{{When: morning, Limit: roads.LimitWeight, Max: 35}}
		}
	}
}

// restrictedAt returns the network with the restrictions of the morning or without them.
func restrictedAt(n *roads.Network, inTheMorning bool) *roads.Network {
	now := *n
	now.Restrictions = nil
	for _, r := range n.Restrictions {
		if r.When == "" || inTheMorning {
			now.Restrictions = append(now.Restrictions, r)
		}
	}
	return &now
}

func TestRandomNetworksAgreeWithANaiveSearch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := drawTown(rt)
		p := plain()
		p.UTurns = rapid.SampledFrom([]roads.UTurn{roads.UTurnDeadEnd, roads.UTurnAnywhere, roads.UTurnNever}).Draw(rt, "u-turn")
		g, err := roads.Build(&n.Network, p)
		if err != nil {
			return // no two streets are connected
		}
		eight, noon := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
		c, err := roads.NewChecker(&n.Network, p)
		if err != nil {
			rt.Fatal(err)
		}
		agreesWithNaive(rt, g, restrictedAt(&n.Network, true), p, c)
		for i, moment := range [...]time.Time{eight, noon} {
			inTheMorning := i == 0
			now, err := g.At(moment)
			if err != nil {
				continue // no two streets are connected then
			}
			if c, err = roads.NewCheckerAt(&n.Network, p, moment); err != nil {
				rt.Fatal(err)
			}
			agreesWithNaive(rt, now, restrictedAt(&n.Network, inTheMorning), p, c)
		}
	})
}

// agreesWithNaive compares the matrix and the paths between some places with a naive search.
func agreesWithNaive(rt *rapid.T, g *roads.Graph, n *roads.Network, p roads.Profile, c *roads.Checker) {
	var at []roads.Snap
	for range 5 {
		w := n.Ways[rapid.IntRange(0, len(n.Ways)-1).Draw(rt, "place on")]
		a, b := n.Nodes[w.Nodes[0]], n.Nodes[w.Nodes[1]]
		share := float64(rapid.IntRange(3, 97).Draw(rt, "place at")) / 100
		s, err := g.Snap(orb.Point{a[0] + share*(b[0]-a[0]), a[1] + share*(b[1]-a[1])}, 1e6)
		if err != nil {
			rt.Fatal(err)
		}
		// On a corner it is on several streets, of which the naive search knows all.
		if !slices.ContainsFunc(n.Nodes, func(q orb.Point) bool { return distance(q, s.Point) < 0.01 }) {
			at = append(at, s)
		}
	}
	m, err := g.Matrix(context.Background(), at)
	if err != nil {
		rt.Fatal(err)
	}
	for i := range at {
		for j := range at {
			path, err := g.Path(at[i], at[j])
			if err != nil {
				rt.Fatal(err)
			}
			k := i*m.N + j
			if path.Seconds != m.Seconds[k] || path.Meters != m.Meters[k] {
				rt.Fatalf("path %d s, %d m; matrix %d s, %d m", path.Seconds, path.Meters, m.Seconds[k], m.Meters[k])
			}
			// The checker does not know when restrictions leave no way back from a street that leads on;
			// the naive search does.
			if err := c.Check(path.Line); err != nil && !(strings.Contains(err.Error(), "turn back") && len(n.Restrictions) > 0) {
				rt.Fatalf("%v cannot be driven: %v", path.Line, err)
			}
			want := naive(n, g.Component(), p, at[i].Point, at[j].Point)
			if math.Abs(want-float64(m.Seconds[k])) > 0.6 {
				rt.Fatalf("from %v to %v takes %d s, a naive search finds %.2f s", at[i].Point, at[j].Point, m.Seconds[k], want)
			}
		}
	}
}

// naive finds the seconds of the fastest path by Dijkstra's algorithm over the
// straight parts of the component's ways, with the rules looked up at each turn. What it
// labels is a part with all that was driven before it, as far as a rule can ask.
func naive(n *roads.Network, open map[roads.Straight]bool, p roads.Profile, from, to orb.Point) float64 {
	type part struct {
		way, a, b int32
		seconds   float64
		begins    bool // trips begin on it
	}
	var parts []part
	for i, w := range n.Ways {
		v := 10.0
		if w.MaxSpeed > 0 {
			v = min(v, float64(w.MaxSpeed)/3.6)
		}
		for k := 1; k < len(w.Nodes); k++ {
			d := distance(n.Nodes[w.Nodes[k-1]], n.Nodes[w.Nodes[k]]) / v
			a, b := n.Nodes[w.Nodes[k-1]], n.Nodes[w.Nodes[k]]
			if begins, is := open[roads.Straight{Way: w.ID, From: a, To: b}]; is {
				parts = append(parts, part{int32(i), w.Nodes[k-1], w.Nodes[k], d, begins})
			}
			if begins, is := open[roads.Straight{Way: w.ID, From: b, To: a}]; is {
				parts = append(parts, part{int32(i), w.Nodes[k], w.Nodes[k-1], d, begins})
			}
		}
	}
	// on returns the share of a part before a point, negative when it lies beside it.
	on := func(q orb.Point, s part) float64 {
		a, b := n.Nodes[s.a], n.Nodes[s.b]
		x, y := b[0]-a[0], b[1]-a[1]
		f := ((q[0]-a[0])*x + (q[1]-a[1])*y) / (x*x + y*y)
		if f < 0 || f > 1 || distance(q, orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}) > 1e-4 {
			return -1
		}
		return f
	}
	stops := map[int32]bool{}
	for _, b := range n.Barriers {
		stops[b.Node] = true
	}
	arms := map[int32]map[[2]int32]bool{} // by node: way and neighbour
	for _, s := range parts {
		for _, v := range [][3]int32{{s.a, s.way, s.b}, {s.b, s.way, s.a}} {
			if arms[v[0]] == nil {
				arms[v[0]] = map[[2]int32]bool{}
			}
			arms[v[0]][[2]int32{v[1], v[2]}] = true
		}
	}
	wayEnd := func(v, way int32) bool {
		w := n.Ways[way].Nodes
		return w[0] == v || w[len(w)-1] == v
	}
	private := func(s part) bool { return n.Ways[s.way].Private != 0 }
	allowed := func(trail []int, wasOpen bool, r part) bool {
		s := parts[trail[len(trail)-1]]
		if private(s) && !private(r) && wasOpen || private(r) && !wasOpen && !r.begins || !overAllowed(n, stops, trail, func(i int) (way, a, b int32) { return parts[i].way, parts[i].a, parts[i].b }, r.way, r.b) {
			return false
		}
		back := r.way == s.way && r.b == s.a
		if stops[s.b] {
			return back && p.UTurns != roads.UTurnNever
		}
		if back {
			if p.UTurns == roads.UTurnNever || len(arms[s.b]) == 2 && !wayEnd(s.b, s.way) {
				return false // not where a street only bends
			}
			if p.UTurns == roads.UTurnDeadEnd {
				for _, o := range parts {
					if o.a != s.b || o.way == s.way && o.b == s.a || private(o) && !private(s) || !private(o) && private(s) && wasOpen {
						continue
					}
					if private(o) || comesBack(n, o.b, s.b, stops) {
						return false
					}
				}
			}
		}
		only, kept := false, false
		for _, x := range n.Restrictions {
			if len(x.Over) > 0 || x.Via != s.b || x.From != s.way || !slices.Contains(n.Ways[x.To].Nodes, x.Via) {
				continue
			}
			match := x.To == r.way
			if x.From == x.To {
				match = match && back != x.Only
			}
			if match && !x.Only {
				return false
			}
			only, kept = only || x.Only, kept || x.Only && match
		}
		return !only || kept
	}
	longest := 1
	for _, r := range n.Restrictions {
		nodes := 1
		for _, w := range r.Over {
			nodes += len(n.Ways[w].Nodes) - 1
		}
		longest = max(longest, nodes)
	}
	best := math.Inf(1)
	label := map[string]float64{} // seconds to the end of a part, by what was driven
	queue := &naiveQueue{}
	reach := func(x naiveItem) {
		key := fmt.Sprint(x.trail, x.wasOpen)
		if d, ok := label[key]; !ok || x.seconds < d {
			label[key] = x.seconds
			heap.Push(queue, x)
		}
	}
	for i, s := range parts {
		if f := on(from, s); f >= 0 && s.begins {
			if g := on(to, s); g >= f-1e-9 {
				best = min(best, (g-f)*s.seconds)
			}
			reach(naiveItem{[]int{i}, !private(s), (1 - f) * s.seconds})
		}
	}
	for queue.Len() > 0 {
		x := heap.Pop(queue).(naiveItem)
		if x.seconds > label[fmt.Sprint(x.trail, x.wasOpen)] || x.seconds > best {
			continue
		}
		for i, s := range parts {
			if s.a != parts[x.trail[len(x.trail)-1]].b || !allowed(x.trail, x.wasOpen, s) {
				continue
			}
			if g := on(to, s); g >= 0 {
				best = min(best, x.seconds+g*s.seconds)
			}
			trail := append(slices.Clone(x.trail), i)
			reach(naiveItem{trail[max(0, len(trail)-longest):], x.wasOpen || !private(s), x.seconds + s.seconds})
		}
	}
	return best
}

// overAllowed looks up the restrictions over ways, whose ways meet at their ends, before a part
// of a way towards a node.
func overAllowed(n *roads.Network, stops map[int32]bool, trail []int, part func(i int) (way, a, b int32), way, towards int32) bool {
	commanded, obeyed := false, false
	for _, r := range n.Restrictions {
		if len(r.Over) == 0 {
			continue
		}
		// The parts to be driven after From, and whether they may be.
		var should [][3]int32
		node, may := r.Via, !stops[r.Via]
		for _, w := range r.Over {
			nodes, backward := slices.Clone(n.Ways[w].Nodes), false
			if nodes[0] != node {
				slices.Reverse(nodes)
				backward = true
			}
			may = may && everDriven(&n.Ways[w], backward)
			for k := 1; k < len(nodes); k++ {
				should = append(should, [3]int32{w, nodes[k-1], nodes[k]})
				may = may && !stops[nodes[k]]
			}
			node = nodes[len(nodes)-1]
		}
		to := n.Ways[r.To].Nodes
		may = may && (to[0] == node && everDriven(&n.Ways[r.To], false) || to[len(to)-1] == node && everDriven(&n.Ways[r.To], true))
		for done := 0; done <= len(should) && may; done++ {
			if len(trail) < done+1 {
				break
			}
			behind := true
			for k := range done {
				w, a, b := part(trail[len(trail)-done+k])
				behind = behind && [3]int32{w, a, b} == should[k]
			}
			if w, _, b := part(trail[len(trail)-done-1]); !behind || w != r.From || b != r.Via {
				continue
			}
			meant := done == len(should) && way == r.To || done < len(should) && r.Only && way == should[done][0] && towards == should[done][2]
			if meant && !r.Only {
				return false
			}
			commanded, obeyed = commanded || r.Only, obeyed || r.Only && meant
		}
	}
	return !commanded || obeyed
}

// everDriven says whether a way may be driven in a direction at some time.
func everDriven(w *roads.Way, backward bool) bool {
	return backward && w.Backward != 0 || !backward && w.Forward != 0 || len(w.Conditionals) > 0 && w.Conditionals[0].Admits != 0
}

// comesBack says whether a node can be driven to from another.
func comesBack(n *roads.Network, from, to int32, stops map[int32]bool) bool {
	seen := map[int32]bool{from: true}
	for grown := true; grown; {
		grown = false
		for _, w := range n.Ways {
			if w.Private != 0 || len(w.Conditionals) > 0 && w.Conditionals[0].Admits == none {
				continue // not at any time
			}
			for k := 1; k < len(w.Nodes); k++ {
				a, b := w.Nodes[k-1], w.Nodes[k]
				for _, x := range [][2]int32{{a, b}, {b, a}} {
					open := x[0] == a && w.Forward != 0 || x[0] == b && w.Backward != 0
					if open && seen[x[0]] && !seen[x[1]] && (!stops[x[0]] || x[0] == from) {
						seen[x[1]], grown = true, true
					}
				}
			}
		}
	}
	return seen[to]
}

type naiveItem struct {
	trail   []int // parts, the last one last
	wasOpen bool  // one of all that were driven was not private
	seconds float64
}

type naiveQueue []naiveItem

func (q naiveQueue) Len() int           { return len(q) }
func (q naiveQueue) Less(i, j int) bool { return q[i].seconds < q[j].seconds }
func (q naiveQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *naiveQueue) Push(x any)        { *q = append(*q, x.(naiveItem)) }
func (q *naiveQueue) Pop() any {
	x := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return x
}
