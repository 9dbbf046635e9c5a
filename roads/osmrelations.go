package roads

import (
	"strings"

	"polder.city/roads/pbf"
)

// relation keeps turn restrictions and outlines of areas.
func (im *importer) relation(_ int64, members []pbf.Member, tags pbf.Tags) error {
	if err := im.ctx.Err(); err != nil {
		return err
	}
	switch tags.Get("type") {
	case "restriction":
		return im.restriction(members, tags)
	case "multipolygon":
		return im.multipolygon(members, tags)
	}
	return nil
}

// restriction reads a turn restriction, which may hold for one means of travel
// only (restriction:hgv) or leave some out (except).
func (im *importer) restriction(members []pbf.Member, tags pbf.Tags) error {
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
	for i := range tags {
		key := tags[i].Key
		kind, found := strings.CutPrefix(key, "restriction")
		if !found {
			continue
		}
		applies := Access(0)
		switch kind {
		case "":
			applies = (motorTraffic | AccessBicycle) &^ except
		case ":hgv":
			applies = AccessTruck
		case ":motorcar":
			applies = AccessCar
		case ":bus":
			applies = AccessBus
		case ":motor_vehicle":
			applies = motorTraffic
		case ":bicycle":
			applies = AccessBicycle
		default:
			if strings.HasSuffix(kind, ":conditional") {
				im.counts.Conditional++
			}
		}
		only := strings.HasPrefix(tags[i].Value, "only_")
		if applies == 0 || !only && !strings.HasPrefix(tags[i].Value, "no_") {
			continue
		}
		if err := im.turn(members, only, applies); err != nil {
			return err
		}
	}
	return nil
}

// turn lists each pair of streets that a restriction joins: no_entry has several
// that it comes from, no_exit several that it leads to.
func (im *importer) turn(members []pbf.Member, only bool, applies Access) error {
	via, vias := int64(0), 0
	for _, m := range members {
		if m.Role != "via" {
			continue
		}
		if m.Kind != pbf.Nodes {
			im.counts.ViaWays++
			return nil
		}
		via, vias = m.ID, vias+1
	}
	if vias != 1 {
		im.counts.LostRestrictions++
		return nil
	}
	for _, from := range members {
		for _, to := range members {
			if from.Role != "from" || to.Role != "to" || from.Kind != pbf.Ways || to.Kind != pbf.Ways {
				continue
			}
			if im.corners += 4; im.corners > maxCorners {
				return errLarge
			}
			im.turns = append(im.turns, osmTurn{from: from.ID, to: to.ID, via: via, only: only, applies: applies})
		}
	}
	return nil
}

// multipolygon keeps the outline of an area that is made of several ways.
func (im *importer) multipolygon(members []pbf.Member, tags pbf.Tags) error {
	kind := areaKind(tags)
	if kind == 0 {
		return nil
	}
	name, err := im.keep(tags.Get("name"))
	if err != nil {
		return err
	}
	shape := osmShape{kind: kind, name: name}
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
