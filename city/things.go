package city

import (
	"fmt"
	"slices"
	"strings"
)

func (l *loader) things() {
	const file = "things.yaml"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	var all struct {
		Things []ThingTemplate `yaml:"things"`
	}
	d := readYAML(&l.report, file, data, &all)
	ids := map[string]bool{}
	for i, t := range all.Things {
		at := fmt.Sprintf("things[%d]", i)
		if !keyForm.MatchString(t.ID) {
			d.wrongAt(at+".id", "value", "Use small letters, digits, - and _, beginning with a letter.", "%q is no id.", t.ID)
		}
		d.unique(ids, at+".id", t.ID)
		d.needText(at+".name", t.Name, l.city.Languages)
		d.needText(at+".why", t.Why, l.city.Languages)
		d.needText(at+".not_recorded", t.NotRecorded, l.city.Languages)
		d.need(at, map[string]string{"owner": t.Owner, "symbol": t.Symbol})
		if len(t.Datastreams) == 0 {
			d.wrongAt(at+".datastreams", "missing", "Say what it measures.", "The thing measures nothing.")
		}
		series := map[string]bool{}
		for j, s := range t.Datastreams {
			l.datastream(d, fmt.Sprintf("%s.datastreams[%d]", at, j), s, series)
			l.tell(d, fmt.Sprintf("%s.datastreams[%d].tell", at, j), &t, &s)
		}
	}
	if !ids["container"] {
		d.wrongAt("things", "missing", "Add one with id: container, with its datastreams.", "There is no template for containers.")
	}
	l.city.Things = all.Things
}

func (l *loader) datastream(d *document, at string, s DatastreamTemplate, seen map[string]bool) {
	if !keyForm.MatchString(s.ID) {
		d.wrongAt(at+".id", "value", "Use small letters, digits, - and _, beginning with a letter.", "%q is no id.", s.ID)
	}
	d.unique(seen, at+".id", s.ID)
	d.needText(at+".name", s.Name, l.city.Languages)
	d.oneOf(at+".observation_type", s.ObservationType, "measurement", "count", "category", "truth")
	d.need(at+".observed_property", map[string]string{"name": s.ObservedProperty.Name, "definition": s.ObservedProperty.Definition})
	d.need(at+".sensor", map[string]string{"name": s.Sensor.Name, "description": s.Sensor.Description})
	if s.ObservationType == "measurement" {
		d.need(at+".unit", map[string]string{"name": s.Unit.Name, "symbol": s.Unit.Symbol})
	}
	if (s.ObservationType == "measurement" || s.ObservationType == "count") && s.Min >= s.Max {
		d.wrongAt(at+".max", "value", "Let min be less than max: readings outside are refused.", "Readings from %g to %g leave none.", s.Min, s.Max)
	}
	d.between(at+".interval_seconds", float64(s.IntervalSeconds), 0, 31*86400)
	d.between(at+".resolution", s.Resolution, 0, 1e9)
}

// tell checks that what the first page is to tell can be told.
func (l *loader) tell(d *document, at string, t *ThingTemplate, s *DatastreamTemplate) {
	switch {
	case s.Tell == "":
	case s.Tell == "opening" && s.ObservationType != "truth":
		d.wrongAt(at, "value", "Leave it out, or make the observation_type truth.", "A %s does not open or close.", s.ObservationType)
	case s.Tell == "crowding" && (s.ObservationType != "count" || !slices.Contains(t.Properties, "capacity")):
		d.wrongAt(at, "value", "Count something, and add capacity to the properties of the thing.", "How crowded it is cannot be told without a count and a capacity.")
	default:
		d.oneOf(at, s.Tell, "opening", "crowding")
	}
}

// Thing returns the template with an id.
func (c *City) Thing(id string) (*ThingTemplate, bool) {
	i := slices.IndexFunc(c.Things, func(t ThingTemplate) bool { return t.ID == id })
	if i < 0 {
		return nil, false
	}
	return &c.Things[i], true
}

func (l *loader) instances() {
	const file = "instances.csv"
	data, ok := l.read(file, true)
	if !ok {
		return
	}
	t := readTable(&l.report, file, data, "id", "template", "name", "lon", "lat", "properties")
	if t == nil {
		return
	}
	seen := map[string]int{}
	for t.next() {
		in := Instance{ID: t.need("id"), Template: t.need("template"), Name: t.need("name"), Properties: map[string]string{}}
		t.unique(seen, "id", in.ID)
		in.Point, _ = l.point(t)
		template, ok := l.city.Thing(in.Template)
		if !ok {
			t.bad("template", "unknown_template", "Use an id of things.yaml, or add it there.", "%q is no kind of thing.", in.Template)
			continue
		}
		for pair := range strings.SplitSeq(t.text("properties"), ";") {
			if pair == "" {
				continue
			}
			key, value, ok := strings.Cut(pair, "=")
			if !ok || !slices.Contains(template.Properties, key) {
				t.bad("properties", "unknown_key", "Write name=value; known here are: "+strings.Join(template.Properties, ", ")+".", "%q is no property of a %s.", pair, in.Template)
				continue
			}
			in.Properties[key] = value
		}
		for _, key := range template.Properties {
			if in.Properties[key] == "" {
				t.bad("properties", "missing", "Add "+key+"=….", "The property %s is missing.", key)
			}
		}
		l.city.Instances = append(l.city.Instances, in)
	}
}
