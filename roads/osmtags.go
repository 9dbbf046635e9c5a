package roads

import (
	"strings"

	"polder.city/roads/pbf"
)

// tagReader gives meaning to the tags of one element, after
// https://wiki.openstreetmap.org/wiki/Key:access and the pages that it links.
type tagReader struct {
	tags   pbf.Tags
	counts *ImportCounts
	unread func(tag string, why error) // told what cannot be read; may be nil
	when   string                      // the condition of the clause that is being read
}

// mode is a means of travel with the tags that rule it, the most special first.
// A truck does not follow "goods": in OpenStreetMap that means vans up to 3.5 t.
type mode struct {
	access Access
	keys   []string
}

const (
	motorTraffic = AccessCar | AccessTruck | AccessBus
	allTraffic   = motorTraffic | AccessBicycle | AccessFoot
)

func modes() [5]mode {
	return [...]mode{
		{AccessCar, []string{"motorcar", "motor_vehicle", "vehicle", "access"}},
		{AccessTruck, []string{"hgv", "motor_vehicle", "vehicle", "access"}},
		{AccessBus, []string{"bus", "psv", "motor_vehicle", "vehicle", "access"}},
		{AccessBicycle, []string{"bicycle", "vehicle", "access"}},
		{AccessFoot, []string{"foot", "access"}},
	}
}

// way reads a street; ok is false when the tags mean none.
func (r *tagReader) way() (w Way, ok bool) {
	w.Class = r.class()
	if w.Class == ClassUnknown {
		return w, false
	}
	w.Name, w.Ref = r.tags.Get("name"), r.tags.Get("ref")
	junction := r.tags.Get("junction")
	w.Roundabout = junction == "roundabout" || junction == "circular"
	w.Bridge, w.Tunnel = r.is("bridge"), r.is("tunnel")
	w.Unpaved = r.unpaved(w.Class)
	w.MaxSpeed = r.speedLimit()
	w.MaxWeight = r.limit(weight, "maxweight", "maxweight:hgv", "maxweightrating", "maxweightrating:hgv")
	w.MaxHeight = r.limit(size, "maxheight", "maxheight:physical", "maxheight:hgv")
	w.MaxWidth = r.limit(size, "maxwidth", "maxwidth:physical", "maxwidth:hgv")
	w.MaxLength = r.limit(size, "maxlength", "maxlength:hgv")
	base := r.usual(w.Class)
	for _, m := range modes() {
		forward, backward := r.directions(m, &w)
		if forward {
			w.Forward |= r.admitted(m, base, ":forward")
		}
		if backward {
			w.Backward |= r.admitted(m, base, ":backward")
		}
	}
	for _, m := range modes() {
		if (w.Forward|w.Backward)&m.access != 0 && (r.said(m, ":forward") == toPrivate || r.said(m, ":backward") == toPrivate) {
			w.Private |= m.access
		}
	}
	if w.Class == Ferry {
		w.Seconds = r.duration()
	}
	r.conditionals(&w)
	return w, true
}

// class returns the class of a street, ClassUnknown for what is none, or not yet.
func (r *tagReader) class() Class {
	if r.tags.Get("area") == "yes" {
		return ClassUnknown
	}
	switch highway := r.tags.Get("highway"); highway {
	case "":
		if r.tags.Get("route") == "ferry" {
			return Ferry
		}
		return ClassUnknown
	case "road":
		return Unclassified
	case "bus_guideway":
		return Busway
	case "path", "steps", "bridleway":
		return Footway
	case "ferry":
		return ClassUnknown
	default:
		c, _ := ParseClass(highway)
		return c
	}
}

// usual returns who may use a street without signs.
func (r *tagReader) usual(c Class) Access {
	switch c {
	case Motorway, MotorwayLink:
		return motorTraffic
	case Busway:
		return AccessBus
	case Pedestrian:
		return AccessFoot
	case Cycleway, Ferry:
		return AccessBicycle | AccessFoot
	case Footway:
		if r.tags.Get("highway") == "path" {
			return AccessBicycle | AccessFoot
		}
		return AccessFoot
	default:
		if r.tags.Get("motorroad") == "yes" {
			return motorTraffic
		}
		return allTraffic
	}
}

// is says whether a tag is there and does not say no.
func (r *tagReader) is(key string) bool {
	v := r.tags.Get(key)
	return v != "" && v != "no"
}

func (r *tagReader) unpaved(c Class) bool {
	switch surface := r.tags.Get("surface"); surface {
	case "":
		grade := r.tags.Get("tracktype")
		return grade >= "grade2" && grade <= "grade5" || c == Track && grade != "grade1"
	case "unpaved", "compacted", "gravel", "fine_gravel", "ground", "dirt", "earth", "grass", "mud", "sand",
		"pebblestone", "woodchips", "rock", "shells", "clay":
		return true
	default:
		return false
	}
}

// permission is what a tag of access says.
type permission uint8

const (
	unsaid permission = iota
	refused
	granted
	toDestination
	toPrivate
)

func permissionOf(value string) permission {
	switch value {
	case "yes", "permissive", "designated", "official", "discouraged", "allowed":
		return granted
	case "destination", "delivery", "customers":
		return toDestination
	case "private":
		return toPrivate
	case "no", "permit", "residents", "agricultural", "forestry", "military", "emergency",
		"use_sidepath", "dismount", "employees", "variable":
		return refused
	default:
		return unsaid // "unknown" and what people misspell
	}
}

// said returns what the most special tag says about a means of travel.
func (r *tagReader) said(m mode, direction string) permission {
	for _, key := range m.keys {
		if p := permissionOf(r.tags.Get(key + direction)); direction != "" && p != unsaid {
			return p
		}
		if p := permissionOf(r.tags.Get(key)); p != unsaid {
			return p
		}
	}
	return unsaid
}

// admitted returns the access that a street gives to one means of travel in one direction;
// whether it is private is another question. Whether it is for destination traffic only is what is said of trucks.
func (r *tagReader) admitted(m mode, base Access, direction string) Access {
	switch r.said(m, direction) {
	case granted, toPrivate:
		return m.access
	case toDestination:
		if m.access == AccessTruck {
			return m.access | AccessDestination
		}
		return m.access
	case unsaid:
		return base & m.access
	default:
		return 0
	}
}

// directions says in which directions a street may be driven.
func (r *tagReader) directions(m mode, w *Way) (forward, backward bool) {
	if m.access == AccessFoot {
		return oneWay(r.tags.Get("oneway:foot"))
	}
	for _, key := range m.keys {
		if v := r.tags.Get("oneway:" + key); v != "" {
			return oneWay(v)
		}
	}
	v := r.tags.Get("oneway")
	if v == "" && (w.Roundabout || w.Class == Motorway) {
		v = "yes"
	}
	forward, backward = oneWay(v)
	against := ""
	switch m.access {
	case AccessBus:
		against = r.tags.Get("busway")
	case AccessBicycle:
		against = r.tags.Get("cycleway")
	}
	if strings.HasPrefix(against, "opposite") {
		return true, true
	}
	return forward, backward
}

// oneWay reads a value of oneway=*. A lane whose direction changes with the hour
// is closed, since nobody here knows the hour.
func oneWay(v string) (forward, backward bool) {
	switch v {
	case "yes", "true", "1":
		return true, false
	case "-1", "reverse":
		return false, true
	case "reversible":
		return false, false
	default:
		return true, true
	}
}

// barrier reads what stands on a node; ok is false when it stops nobody.
func (r *tagReader) barrier() (b Barrier, ok bool) {
	kind := r.tags.Get("barrier")
	if kind == "" || kind == "no" {
		return b, false
	}
	base := allTraffic
	switch kind {
	case "bollard", "block", "chain", "jersey_barrier", "debris", "log", "boulder", "planter",
		"cycle_barrier", "motorcycle_barrier", "barrier_board":
		base = AccessBicycle | AccessFoot
		if r.tags.Get("bollard") == "rising" {
			base = allTraffic
		}
	case "stile", "kissing_gate", "turnstile", "full-height_turnstile", "horse_stile":
		base = AccessFoot
	case "bus_trap", "sump_buster":
		base = AccessBus | AccessBicycle | AccessFoot
	case "gate", "lift_gate", "swing_gate":
		if r.tags.Get("locked") == "yes" {
			base = AccessFoot
		}
	}
	for _, m := range modes() {
		if r.said(m, "") != toPrivate { // a gate with a key
			b.Passes |= r.admitted(m, base, "")
		}
	}
	b.Passes &^= AccessDestination
	b.MaxHeight = r.limit(size, "maxheight", "maxheight:physical")
	b.MaxWidth = r.limit(size, "maxwidth", "maxwidth:physical")
	return b, b.Passes != allTraffic || b.MaxHeight > 0 || b.MaxWidth > 0
}
