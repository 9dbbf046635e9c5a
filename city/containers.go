package city

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

var containerForm = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)

func (l *loader) containers() {
	const file = "containers.csv"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	t := readTable(&l.report, file, data, "id", "stream", "lon", "lat", "volume_l", "place", "address", "sensor")
	if t == nil {
		return
	}
	ids, sensors := map[string]int{}, map[string]int{}
	for t.next() {
		c := Container{ID: t.need("id"), Stream: t.need("stream"), Place: t.text("place"), Address: t.text("address"), Sensor: t.text("sensor")}
		if !containerForm.MatchString(c.ID) || len(c.ID) > 40 {
			t.bad("id", "value", "Use capitals and digits with - between, as FIL-014-R.", "%q is no id of a container.", c.ID)
		}
		t.unique(ids, "id", c.ID)
		if c.Sensor != "" {
			t.unique(sensors, "sensor", c.Sensor)
		}
		if _, ok := l.city.Stream(c.Stream); !ok {
			t.bad("stream", "unknown_stream", "Use an id of streams.yaml, or add it there.", "%q is no stream.", c.Stream)
		}
		if c.Place == "" {
			c.Place = c.ID // a container by itself
		}
		c.VolumeLitres = t.whole("volume_l", 50, 50_000)
		c.Point, c.District = l.point(t)
		l.city.Containers = append(l.city.Containers, c)
	}
	l.city.findContainers()
}

// point reads lon and lat, and finds the district; a point too far outside the city is a mistake.
func (l *loader) point(t *table) (orb.Point, string) {
	before := len(t.problems)
	p := orb.Point{t.number("lon", -180, 180), t.number("lat", -90, 90)}
	if len(t.problems) > before {
		return p, ""
	}
	d, ok := l.city.DistrictNear(p, l.city.MarginMeters)
	if !ok {
		t.bad("lon", "outside", "Check that longitude and latitude are not exchanged, and that the point is WGS 84.",
			"%g, %g lies more than %g metres outside %s.", p.Lon(), p.Lat(), l.city.MarginMeters, l.city.Name)
		return p, ""
	}
	return p, d.Code
}

func (l *loader) schedule() {
	const file = "schedule.csv"
	data, ok := l.read(file, true)
	if !ok {
		return
	}
	t := readTable(&l.report, file, data, "container", "days", "every_weeks", "first")
	if t == nil {
		return
	}
	seen := map[string]int{}
	for t.next() {
		row := ScheduleRow{Container: t.need("container"), EveryWeeks: int(t.whole("every_weeks", 1, 52))}
		t.unique(seen, "container", row.Container)
		if _, ok := l.city.Container(row.Container); !ok {
			t.bad("container", "unknown_container", "Use an id of containers.csv, or add it there.", "%q is no container.", row.Container)
		}
		for name := range strings.SplitSeq(t.need("days"), "+") {
			day, err := ParseWeekday(name)
			if err != nil || slices.Contains(row.Days, day) {
				t.bad("days", "value", "Write days once each with + between, as mon+thu.", "%q is no day, or stands there twice.", name)
				continue
			}
			row.Days = append(row.Days, day)
		}
		first, err := time.ParseInLocation(time.DateOnly, t.need("first"), l.city.Location)
		if err != nil {
			t.bad("first", "value", "Write year, month and day, as 2026-01-05.", "%q is no date.", t.text("first"))
		}
		row.First = first
		l.city.Schedule = append(l.city.Schedule, row)
	}
}
