package web

import (
	"net/http"
	"slices"
	"time"

	"polder.city/collection"
)

// sheetPage is a driver's route on paper.
type sheetPage struct {
	Plan     *collection.Plan
	PlanPath string
	Day      time.Time
	Truck    string
	From, To time.Time
	Stops    int
	Meters   int64
	Trips    []trip
}

// trip is the part of a route up to and with an unloading.
type trip struct {
	Number int
	Stream string
	Lines  []sheetLine
}

// sheetLine is a visit on the sheet.
type sheetLine struct {
	Order    int // of the containers; 0 for other visits
	Time     time.Time
	Until    time.Time
	Kind     string // key below "sheet.kind."
	Where    string // container, facility or depot
	Place    string
	Address  string
	District string
	Side     string // key below "sheet.side."; empty where it does not matter
	Stream   string
	Volume   int64
	Kg       int64 // load when leaving
}

// routeSheet shows a truck's day so that it reads well on paper: order, time, place, side of the road, stream, load, unload, break.
func (r *residents) routeSheet(q *http.Request) (any, error) {
	plan, route, day, err := r.routeAsked(q)
	if err != nil {
		return nil, err
	}
	containers, err := r.containersByID(q.Context())
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	page := &sheetPage{Plan: plan, PlanPath: planPath(plan), Day: day, Truck: r.truckName(p, route.Truck), Meters: route.Meters, Trips: []trip{{Number: 1}}}
	for _, v := range route.Visits {
		line := sheetLine{Time: momentOf(day, v.Arrive), Until: momentOf(day, v.Leave), Kind: string(v.Kind), Where: r.visitName(p, v), Kg: v.Kg}
		now := &page.Trips[len(page.Trips)-1]
		switch v.Kind {
		case collection.VisitDepart:
			page.From, line.Time = line.Until, line.Until
		case collection.VisitReturn:
			page.To = line.Time
		case collection.VisitEmpty:
			k := containers[v.At]
			page.Stops++
			line.Order, line.Place, line.Address, line.District, line.Volume = page.Stops, k.Place, k.Address, r.districtName(k.District), int64(k.VolumeLitres)
			line.Stream, _ = r.stream(p, k.Stream)
			line.Side = "left"
			if v.Right {
				line.Side = "right"
			}
		}
		// A trip ends when the truck goes for the next container after it has unloaded.
		if now.unloaded() && v.Kind == collection.VisitEmpty {
			page.Trips = append(page.Trips, trip{Number: now.Number + 1})
			now = &page.Trips[len(page.Trips)-1]
		}
		if line.Stream != "" {
			now.Stream = line.Stream
		}
		now.Lines = append(now.Lines, line)
	}
	return page, nil
}

// unloaded reports whether the truck has emptied itself on this trip.
func (t *trip) unloaded() bool {
	return slices.ContainsFunc(t.Lines, func(l sheetLine) bool { return l.Kind == string(collection.VisitUnload) })
}
