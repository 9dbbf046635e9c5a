package roads

import (
	"strings"

	"polder.city/roads/pbf"
)

// relation keeps turn restrictions and outlines of areas.
func (im *importer) relation(id int64, members []pbf.Member, tags pbf.Tags) error {
	if err := im.ctx.Err(); err != nil {
		return err
	}
	switch tags.Get("type") {
	case "restriction":
		return im.restriction(id, members, tags)
	case "multipolygon", "boundary":
		return im.multipolygon(id, members, tags)
	}
	return nil
}

// restriction reads a turn restriction, which may hold for one means of travel
// only (restriction:hgv) or leave some out (except).
func (im *importer) restriction(id int64, members []pbf.Member, tags pbf.Tags) error {
	except := Access(0)
	for word := range strings.SplitSeq(tags.Get("except"), ";") {
		switch strings.TrimSpace(word) {
		case "hgv":
			except |= AccessTruck
		case "bus", "psv":
			except |= AccessBus
		case "motorcar":
			except |= AccessCar
		case "motor_vehicle":
			except |= motorTraffic
		case "bicycle":
			except |= AccessBicycle
		}
	}
	var err error
	for _, kind := range [...]struct {
		key     string
		applies Access
	}{
		{"restriction", (motorTraffic | AccessBicycle) &^ except},
		{"restriction:hgv", AccessTruck},
		{"restriction:motorcar", AccessCar},
		{"restriction:bus", AccessBus},
		{"restriction:motor_vehicle", motorTraffic},
		{"restriction:bicycle", AccessBicycle},
	} {
		take := func(value, when string) bool {
			only := strings.HasPrefix(value, "only_")
			if !only && !strings.HasPrefix(value, "no_") {
				return false
			}
			if when, err = im.keep(when); err == nil && kind.applies != 0 {
				err = im.turn(members, osmTurn{only: only, applies: kind.applies, when: when})
			}
			return true
		}
		take(tags.Get(kind.key), "")
		r := im.reader("relation", id, tags)
		r.clauses(kind.key, func(value string, c condition) bool { return !c.destination && take(value, r.when) })
		if err != nil {
			return err
		}
	}
	return nil
}

// turn lists each pair of streets that a restriction joins: no_entry has several
// that it comes from, no_exit several that it leads to.
func (im *importer) turn(members []pbf.Member, t osmTurn) error {
	nodes := 0
	for _, m := range members {
		switch {
		case m.Role != "via":
		case m.Kind == pbf.Nodes:
			t.via, nodes = m.ID, nodes+1
		case m.Kind == pbf.Ways:
			t.over = append(t.over, m.ID)
		}
	}
	if nodes+min(1, len(t.over)) != 1 {
		im.counts.LostRestrictions++
		return nil
	}
	for _, from := range members {
		for _, to := range members {
			if from.Role != "from" || to.Role != "to" || from.Kind != pbf.Ways || to.Kind != pbf.Ways {
				continue
			}
			if im.corners += 4 + len(t.over); im.corners > maxCorners {
				return errLarge
			}
			t.from, t.to = from.ID, to.ID
			im.turns = append(im.turns, t)
		}
	}
	return nil
}

// multipolygon keeps the outline of an area that is made of several ways.
func (im *importer) multipolygon(id int64, members []pbf.Member, tags pbf.Tags) error {
	kind, zone := areaKind(tags), im.zone("relation", id, tags)
	if kind == 0 && zone == nil {
		return nil
	}
	name, err := im.keep(tags.Get("name"))
	if err != nil {
		return err
	}
	shape := osmShape{kind: kind, name: name, zone: zone}
	for _, m := range members {
		if m.Kind != pbf.Ways {
			continue
		}
		if im.corners += 8; im.corners > maxCorners {
			return errLarge
		}
		switch m.Role {
		case "outer", "":
			shape.outer = append(shape.outer, m.ID)
		case "inner":
			shape.inner = append(shape.inner, m.ID)
		default:
			continue
		}
		im.members[m.ID] = nil
	}
	im.shapes = append(im.shapes, shape)
	return nil
}
