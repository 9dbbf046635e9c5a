package fleet

import (
	"fmt"
	"math"
	"slices"

	"polder.city/internal/problem"
)

// begun is the part of a route that stands: the first positions of every route of its vehicle, the departure among them.
type begun struct {
	nodes  []int32
	done   []int32 // per position, driving off from there
	depart int32
	taken  int32 // breaks dealt with
}

// compileBegun returns what a vehicle has begun, nil for nothing.
func (m *model) compileBegun(v *Vehicle) *begun {
	if len(v.Begun) == 0 {
		return nil
	}
	b := &begun{depart: v.Begun[0].Leave}
	for i := range v.Begun {
		visit := &v.Begun[i]
		switch visit.Kind {
		case Depart:
			b.nodes, b.done = append(b.nodes, none), append(b.done, 0)
		case Serve:
			b.nodes, b.done = append(b.nodes, int32(visit.Index)), append(b.done, 0)
		case Unload:
			b.nodes, b.done = append(b.nodes, int32(m.stops+visit.Index)), append(b.done, 0)
		case Pause:
			b.taken = int32(visit.Index) + 1
		}
		b.done[len(b.done)-1] = visit.Leave
	}
	for int(b.taken) < len(v.Breaks) && v.Breaks[b.taken].Window.Close < b.end() {
		b.taken++ // too late for that
	}
	return b
}

// end returns when the vehicle goes on.
func (b *begun) end() int32 { return b.done[len(b.done)-1] }

// locked returns how many positions of a vehicle's route stand, 0 when it is at its depot.
func (k *kind) locked() int32 {
	if k.begun == nil {
		return 0
	}
	return int32(len(k.begun.nodes))
}

// open makes a route hold what its vehicle has begun and no more, and measures it.
func (m *model) open(r *route) Bind {
	b := r.kind.begun
	if b == nil {
		m.clear(r)
		return BindNone
	}
	r.nodes = append(append(r.nodes[:0], b.nodes...), none)
	last := b.nodes[len(b.nodes)-1]
	if int(last) >= m.stops {
		return m.measure(r)
	}
	// What is on board is unloaded where that is cheapest.
	at := len(b.nodes)
	r.nodes = insertAt(r.nodes, at, m.home)
	unloads := m.unloads[m.group[last]]
	best, least, binds := int32(none), int64(math.MaxInt64), Bind(BindVehicle)
	try := func(unload int32) {
		r.nodes[at] = unload
		if b := m.measure(r); b != BindNone {
			binds = b
		} else if r.cost < least {
			best, least = unload, r.cost
		}
	}
	for _, unload := range unloads {
		try(unload)
	}
	if !m.problem.EndEmpty {
		try(m.home)
	}
	if best == none {
		return binds
	}
	r.nodes[at] = best
	return m.measure(r)
}

// checkBegun returns an error when a vehicle cannot finish what it has begun.
func (m *model) checkBegun() error {
	for v := range m.vehicleKind {
		r := route{vehicle: int32(v), kind: &m.kinds[m.vehicleKind[v]]}
		if b := m.open(&r); b != BindNone {
			return problem.New(problem.Invalid, "fleet.begun", "%s cannot finish what it has begun: %s",
				vehicleName(m.problem, v), bindText(b)).At(fmt.Sprintf("vehicles[%d]", v))
		}
	}
	return nil
}

// visitsBegun writes down what stands of a route.
func (m *model) visitsBegun(r *route) []Visit {
	load, meters := make([]int64, m.dimensions), int64(0)
	position := 0
	visits := slices.Clone(m.problem.Vehicles[r.vehicle].Begun)
	for i := range visits {
		v := &visits[i]
		if v.Kind == Serve || v.Kind == Unload {
			position++
			meters += int64(m.meters[int(r.at[position-1])*m.locations+int(r.at[position])])
		}
		switch v.Kind {
		case Serve:
			for d := range load {
				load[d] += m.load[v.Index*m.dimensions+d]
			}
		case Unload:
			clear(load)
		}
		v.Load, v.Meters = slices.Clone(load), meters
	}
	return visits
}

// validateBegun checks the parts of routes that stand.
func (p *Problem) validateBegun() error {
	servedBy := map[int]bool{}
	for i := range p.Vehicles {
		v, where := &p.Vehicles[i], fmt.Sprintf("vehicles[%d].begun", i)
		aboard, served, time, pause := false, false, int32(0), -1
		for j := range v.Begun {
			visit := &v.Begun[j]
			count := map[Kind]int{Depart: len(p.Depots), Serve: len(p.Stops), Unload: len(p.Facilities), Pause: len(v.Breaks)}[visit.Kind]
			switch {
			case (visit.Kind == Depart) != (j == 0) || visit.Kind >= Return || visit.Index < 0 || visit.Index >= count:
				return invalid(where, "begun", "%s has begun with a %s of %d as visit %d, which cannot be",
					vehicleName(p, i), visit.Kind, visit.Index, j)
			case visit.Kind == Depart && visit.Index != v.Start:
				return invalid(where, "begun", "%s has left depot %d, its depot is %d", vehicleName(p, i), visit.Index, v.Start)
			case visit.Arrive < time || visit.Start < visit.Arrive || visit.Leave < visit.Start || visit.Leave > maxSeconds:
				return invalid(where, "begun", "visit %d of %s goes back in time or lies outside 0 to %d",
					j, vehicleName(p, i), maxSeconds)
			case visit.Kind == Serve && servedBy[visit.Index]:
				return invalid(where, "begun", "%s has been served twice", stopName(p, visit.Index))
			case visit.Kind == Unload && !aboard:
				return invalid(where, "begun", "%s has unloaded nothing at visit %d", vehicleName(p, i), j)
			case visit.Kind == Pause && visit.Index <= pause:
				return invalid(where, "begun", "%s has had break %d out of order", vehicleName(p, i), visit.Index)
			}
			switch visit.Kind {
			case Serve:
				servedBy[visit.Index], aboard, served = true, true, true
			case Unload:
				aboard = false
			case Pause:
				pause = visit.Index
			}
			time = visit.Leave
		}
		if len(v.Begun) > 0 && !served {
			return invalid(where, "begun", "%s has begun a route and served nothing: %s", vehicleName(p, i),
				"name the stop that it is on its way to, or let it begin anew")
		}
	}
	return nil
}
