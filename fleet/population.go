package fleet

import (
	"cmp"
	"slices"
)

// individual is a solution of hybrid genetic search: a giant tour and where its routes end.
type individual struct {
	tour []int32
	ends []int32 // route r is tour[ends[r-1]:ends[r]]
	cost int64   // units
	over int64   // load over capacity, summed over routes

	next, prev []int32 // per stop; none is the depot
	// closest are the others of its subpopulation, nearest first.
	closest []kinship
	value   float64 // cost and penalty
	rank    float64 // in the subpopulation; the least survives
}

// kinship is how different another individual is: the share of broken pairs.
type kinship struct {
	apart float64
	other *individual
}

func (in *individual) route(r int) []int32 {
	from := int32(0)
	if r > 0 {
		from = in.ends[r-1]
	}
	return in.tour[from:in.ends[r]]
}

// link fills next and prev.
func (in *individual) link() {
	for r := range in.ends {
		route := in.route(r)
		for i, s := range route {
			in.prev[s], in.next[s] = none, none
			if i > 0 {
				in.prev[s] = route[i-1]
			}
			if i+1 < len(route) {
				in.next[s] = route[i+1]
			}
		}
	}
}

// apart returns the share of the pairs of one individual that are not in the other.
func apart(a, b *individual) float64 {
	broken := 0
	for s, next := range a.next {
		if next != b.next[s] && next != b.prev[s] {
			broken++
		}
		if a.prev[s] == none && b.prev[s] != none && b.next[s] != none {
			broken++
		}
	}
	return float64(broken) / float64(len(a.next))
}

// Parameters of Vidal (2022), table 1.
const (
	survivors      = 25 // mu: individuals that survive in a subpopulation
	generation     = 40 // lambda: individuals more before the worst go
	elite          = 4
	closestCounted = 5
)

// population keeps feasible and overloaded individuals apart, each subpopulation sorted by value.
type population struct {
	feasible, overloaded []*individual
	free                 []*individual
	penalty              float64
	order                []*individual // scratch for ranks
}

// meanApart returns the mean difference to the closest others.
func (in *individual) meanApart(count int) float64 {
	count = min(count, len(in.closest))
	if count == 0 {
		return 1
	}
	sum := 0.0
	for _, k := range in.closest[:count] {
		sum += k.apart
	}
	return sum / float64(count)
}

// add puts an individual into its subpopulation, and lets the worst go when that is full.
func (p *population) add(in *individual) {
	group := &p.feasible
	if in.over > 0 {
		group = &p.overloaded
	}
	in.closest = in.closest[:0]
	for _, other := range *group {
		d := apart(in, other)
		in.meet(d, other)
		other.meet(d, in)
	}
	in.value = float64(in.cost) + p.penalty*float64(in.over)
	at, _ := slices.BinarySearchFunc(*group, in, func(a, b *individual) int { return cmp.Compare(a.value, b.value) })
	*group = slices.Insert(*group, at, in)
	if len(*group) > survivors+generation {
		for len(*group) > survivors {
			p.removeWorst(group)
		}
	}
}

// meet notes how different another individual is.
func (in *individual) meet(d float64, other *individual) {
	at, _ := slices.BinarySearchFunc(in.closest, d, func(k kinship, d float64) int { return cmp.Compare(k.apart, d) })
	in.closest = slices.Insert(in.closest, at, kinship{d, other})
}

// part forgets another individual.
func (in *individual) part(other *individual) {
	for i := range in.closest {
		if in.closest[i].other == other {
			in.closest = slices.Delete(in.closest, i, i+1)
			return
		}
	}
}

// rankAll gives the individuals of a subpopulation their biased fitness: rank in value and, less for elites, in difference.
func (p *population) rankAll(group []*individual) {
	p.order = append(p.order[:0], group...)
	slices.SortStableFunc(p.order, func(a, b *individual) int {
		return cmp.Compare(b.meanApart(closestCounted), a.meanApart(closestCounted))
	})
	size := float64(len(group))
	if len(group) == 1 {
		group[0].rank = 0
		return
	}
	for i, in := range p.order {
		in.rank = float64(i) / (size - 1)
	}
	for i, in := range group {
		byValue := float64(i) / (size - 1)
		if len(group) <= elite {
			in.rank = byValue
			continue
		}
		in.rank = byValue + (1-elite/size)*in.rank
	}
}

// removeWorst lets a clone go or, without one, the individual of the worst rank; never the best.
func (p *population) removeWorst(group *[]*individual) {
	p.rankAll(*group)
	const same = 1e-6
	worst, worstIsClone, worstRank := none, false, -1.0
	for i, in := range (*group)[1:] {
		isClone := in.meanApart(1) < same
		if isClone && !worstIsClone || isClone == worstIsClone && in.rank > worstRank {
			worst, worstIsClone, worstRank = i+1, isClone, in.rank
		}
	}
	p.remove(group, worst)
}

func (p *population) remove(group *[]*individual, i int) {
	in := (*group)[i]
	*group = slices.Delete(*group, i, i+1)
	for _, other := range *group {
		other.part(in)
	}
	p.free = append(p.free, in)
}

// clear lets everybody go.
func (p *population) clear() {
	p.free = append(append(p.free, p.feasible...), p.overloaded...)
	p.feasible, p.overloaded = p.feasible[:0], p.overloaded[:0]
}

// setPenalty changes the penalty, and the values with it.
func (p *population) setPenalty(penalty float64) {
	p.penalty = penalty
	for _, in := range p.overloaded {
		in.value = float64(in.cost) + penalty*float64(in.over)
	}
	slices.SortStableFunc(p.overloaded, func(a, b *individual) int { return cmp.Compare(a.value, b.value) })
}

// parent draws two individuals and returns the one of the better rank.
func (p *population) parent(r *random) *individual {
	draw := func() *individual {
		i := r.below(len(p.feasible) + len(p.overloaded))
		if i < len(p.feasible) {
			return p.feasible[i]
		}
		return p.overloaded[i-len(p.feasible)]
	}
	a, b := draw(), draw()
	if b.rank < a.rank {
		return b
	}
	return a
}
