package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/internal/message"
	"polder.city/sensing"
)

// happening is something worth telling that was just observed.
type happening struct {
	At       time.Time
	Key      string // of its message, below "happening."
	ID, Path string
	value    float64
	expected float64
	name     string  // of what is not a container
	left     float64 // places that are free
	stream   string
}

// Text says it in a sentence.
func (h happening) Text(p *message.Printer, streamName func(*message.Printer, string) string) string {
	what := h.name
	if h.stream != "" {
		what = streamName(p, h.stream)
	}
	return p.T("happening."+h.Key, "id", h.ID, "what", what, "value", h.value, "expected", h.expected, "left", h.left)
}

// muchFaster is how much more a container holds than expected before that is told, as a fraction.
const muchFaster = 0.12

// happeningsAge is how old something may be to be told as happening now.
const happeningsAge = 24 * time.Hour

// crowded is the share of its capacity from which a thing is told to be full, and lately how long ago that, or an
// opening, may have been seen.
const (
	crowded = 0.85
	lately  = 30 * time.Minute
)

// thingHappenings returns what is worth telling of other things than containers, as their templates ask: a bridge
// that is open or has just closed, a car park that is nearly full.
func (r *residents) thingHappenings(ctx context.Context, now time.Time) ([]happening, error) {
	var found []happening
	for _, t := range r.d.City.Things {
		for _, s := range t.Datastreams {
			if s.Tell == "" {
				continue
			}
			latest, err := r.d.Sensing.LatestOf(ctx, t.ID, s.ID)
			if err != nil {
				return nil, err
			}
			for i := range r.d.City.Instances {
				x := &r.d.City.Instances[i]
				o, ok := latest[x.ID+"/"+s.ID]
				if !ok || now.Sub(o.Time) > lately || o.Time.After(now.Add(time.Minute)) {
					continue
				}
				h := happening{At: o.Time, ID: x.ID, Path: "/meten/" + x.ID, name: x.Name, value: o.Value}
				if h.tellThing(s.Tell, x, o) {
					found = append(found, h)
				}
			}
		}
	}
	return found, nil
}

// tellThing chooses the words for a thing, and says whether there is anything to tell.
func (h *happening) tellThing(tell string, x *city.Instance, o sensing.Observation) bool {
	switch {
	case tell == "opening" && o.Holds():
		h.Key = "opened"
	case tell == "opening":
		h.Key = "closed"
	case tell == "crowding":
		capacity, err := strconv.ParseFloat(x.Properties["capacity"], 64)
		if err != nil || capacity <= 0 || h.value < crowded*capacity {
			return false
		}
		h.Key, h.left = "crowded", max(0, capacity-h.value)
		h.value /= capacity
	}
	return true
}

// happenings returns what was observed last and is worth telling, the newest first: emptyings, stops that failed,
// reports, containers that fill up faster than today's plan expected or are full, and what other things do.
func (st *state) happenings(limit int) []happening {
	var all []happening
	add := func(key string, k collection.Container, at time.Time, value, expected float64) {
		if st.at.Sub(at) < happeningsAge && !at.After(st.at.Add(time.Minute)) {
			all = append(all, happening{At: at, Key: key, ID: k.ID, Path: "/containers/" + k.ID, value: value, expected: expected, stream: k.Stream})
		}
	}
	var emptied []happening
	for i, k := range st.containers {
		f := st.fills[i]
		for key, found := range map[string]map[string]sensing.Observation{"blocked": st.blocked, "reported": st.reported} {
			if o, ok := found[k.ID]; ok && o.Time.After(st.emptied[k.ID].Time) {
				add(key, k, o.Time, o.Value, 0)
			}
		}
		if o, ok := st.emptied[k.ID]; ok && st.at.Sub(o.Time) < happeningsAge && !o.Time.After(st.at) {
			emptied = append(emptied, happening{At: o.Time, Key: "emptied", ID: k.ID, Path: "/containers/" + k.ID, value: o.Value, stream: k.Stream})
		}
		if f.from != fromSensor || st.at.Sub(f.at) > 2*time.Hour {
			continue
		}
		if o := st.now[k.ID]; o != nil && !o.Planned && !st.emptied[k.ID].Time.After(st.today.MadeAt) {
			if expected := st.expectedAt(st.today, o, f.at); f.value-expected > muchFaster && f.value > 0.5 {
				add("faster", k, f.at, f.value, expected)
			}
		}
	}
	all = append(all, st.things...)
	newest := func(a, b happening) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) }
	slices.SortFunc(emptied, newest)
	slices.SortFunc(all, func(a, b happening) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), newest(a, b))
	})
	// Of emptyings there are a hundred a day: two are enough to see that work goes on.
	all = append(all[:min(len(all), limit-min(len(emptied), 2))], emptied[:min(len(emptied), 2)]...)
	slices.SortFunc(all, newest)
	return all
}

// weight says what is told first when there is too much to tell.
func weight(h happening) int {
	switch h.Key {
	case "opened":
		return 3
	case "faster", "crowded":
		return 2
	case "blocked":
		return 1
	default:
		return 0
	}
}
