package simulate

import (
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// model is a checked Config, worked out into what the hourly loop needs. It never
// changes, so worlds and histories share it.
type model struct {
	c          Config
	loc        *time.Location
	normals    *normals
	streams    []stream
	containers []container
	named      [CarPark + 1]map[string]int // index of a thing by kind (Fill: containers) and id
	near       [][]bool                    // per period with a radius: which containers it touches
	agenda     []item                      // what is due in each hour, in order of time
	counters   []counter
	flow       [2][slots]float64 // traffic in each five minutes: days of rest, working days
	sensors    []uint64          // keys
	parks      []uint64          // keys
	bridges    []uint64          // keys
}

type stream struct {
	Stream
	sizes [quantileSteps]float64 // equally likely deposits, millilitres
	key   uint64
}

// container holds volumes in millilitres: whole numbers, so that waste is conserved to the last drop.
type container struct {
	key             uint64
	stream          int
	volume, refusal int64
	bagsPerSecond   float64 // at factor 1
	next            int     // where residents carry refused bags; -1: nowhere
	spill           float64
	sensor          bool
	reading         int32 // second of the hour at which its level is read
	staged          bool  // a set piece names it
}

type counter struct {
	key  uint64
	near []bool // which bridges it feels
}

// item is one entry of the hour's agenda.
type item struct {
	second int32
	kind   Kind
	index  int32
}

func newModel(c Config) (*model, error) {
	c = c.clone()
	if c.Location == nil {
		c.Location = time.UTC
	}
	m := &model{c: c, loc: c.Location, normals: newNormals()}
	if err := m.index(); err != nil {
		return nil, err
	}
	m.layStreams()
	m.layContainers()
	m.layThings()
	return m, nil
}

func (c Config) clone() Config {
	c.Streams, c.Containers, c.Periods = slices.Clone(c.Streams), slices.Clone(c.Containers), slices.Clone(c.Periods)
	c.Counters, c.Rush, c.Bridges = slices.Clone(c.Counters), slices.Clone(c.Rush), slices.Clone(c.Bridges)
	c.CarParks, c.Sensors, c.SetPieces = slices.Clone(c.CarParks), slices.Clone(c.Sensors), slices.Clone(c.SetPieces)
	return c
}

func (m *model) layStreams() {
	m.streams = make([]stream, len(m.c.Streams))
	for i, s := range m.c.Streams {
		scale(s.Hour[:], true)
		scale(s.Weekday[:], true)
		scale(s.Month[:], false)
		table, mean := m.normals.sizes(s)
		s.DepositLitres = mean
		m.streams[i] = stream{Stream: s, sizes: table, key: key(m.c.Seed, "stream "+s.ID)}
	}
}

// scale brings the mean of a shape to 1; an empty shape becomes all ones.
func scale(shape []float64, toOne bool) {
	sum := 0.0
	for _, x := range shape {
		sum += x
	}
	for i := range shape {
		switch {
		case sum == 0:
			shape[i] = 1
		case toOne:
			shape[i] *= float64(len(shape)) / sum
		}
	}
}

func (m *model) layContainers() {
	byStream := make([][]int, len(m.streams))
	m.containers = make([]container, len(m.c.Containers))
	for i, c := range m.c.Containers {
		s := slices.IndexFunc(m.c.Streams, func(s Stream) bool { return s.ID == c.Stream })
		byStream[s] = append(byStream[s], i)
		k := key(m.c.Seed, c.ID)
		between := func(b [2]float64, purpose uint64) float64 { return b[0] + (b[1]-b[0])*unit(draw(k, purpose, 0)) }
		volume := int64(math.Round(c.VolumeLitres * 1000))
		m.containers[i] = container{
			key: k, stream: s, volume: volume, next: -1, sensor: c.Sensor,
			refusal:       int64(float64(volume) * between(m.c.Refusal, forRefusal)),
			bagsPerSecond: c.LitresPerDay / m.streams[s].DepositLitres / 86400,
			spill:         between(m.c.Spill, forSpill),
			reading:       int32(draw(k, forReading, 0) % 3600),
		}
	}
	for _, members := range byStream {
		for _, i := range members {
			m.containers[i].next = m.nearest(i, members)
		}
	}
	for _, p := range m.c.SetPieces {
		if p.Kind == Fill || p.Kind == Blocked || p.Kind == Emptying {
			m.containers[m.named[Fill][p.Thing]].staged = true
		}
	}
	for _, p := range m.c.Periods {
		var touched []bool
		if p.RadiusMeters > 0 {
			touched = make([]bool, len(m.containers))
			for i, c := range m.c.Containers {
				touched[i] = meters(c.Point, p.Point) <= p.RadiusMeters
			}
		}
		m.near = append(m.near, touched)
	}
}

// nearest returns the member that a refused bag of container i is carried to: at the
// same place before another within Config.SpillMeters, or -1.
func (m *model) nearest(i int, members []int) int {
	from, best, least := m.c.Containers[i], -1, m.c.SpillMeters
	for _, j := range members {
		if j == i {
			continue
		}
		to := m.c.Containers[j]
		d := meters(from.Point, to.Point)
		if from.Place != "" && from.Place == to.Place {
			d = 0
		}
		if d < least || (d == least && best < 0) {
			best, least = j, d
		}
	}
	return best
}

// layThings keys everything that is no container and writes the hour's agenda. Each
// thing tells at its own second, so that a city's messages spread over the hour;
// counters count full five minutes.
func (m *model) layThings() {
	m.flow = layFlow(m.c.Rush)
	for _, c := range m.c.Counters {
		near := make([]bool, len(m.c.Bridges))
		for j, b := range m.c.Bridges {
			near[j] = meters(c.Point, b.Point) <= m.c.BridgeReachMeters
		}
		m.counters = append(m.counters, counter{key(m.c.Seed, c.ID), near})
	}
	for _, b := range m.c.Bridges {
		m.bridges = append(m.bridges, key(m.c.Seed, b.ID))
	}
	for i := range m.containers {
		m.agenda = append(m.agenda, item{m.containers[i].reading, Fill, int32(i)})
	}
	every := func(kind Kind, index int, key uint64, period int32) {
		for at := int32(draw(key, forReading, 0) % uint64(period)); at < 3600; at += period {
			m.agenda = append(m.agenda, item{at, kind, int32(index)})
		}
	}
	for i := range m.c.Counters {
		for at := int32(0); at < 3600; at += 300 {
			m.agenda = append(m.agenda, item{at, Traffic, int32(i)})
		}
	}
	for i, p := range m.c.CarParks {
		m.parks = append(m.parks, key(m.c.Seed, p.ID))
		every(CarPark, i, m.parks[i], 900)
	}
	for i, s := range m.c.Sensors {
		m.sensors = append(m.sensors, key(m.c.Seed, s.ID))
		period := int32(900)
		if s.Kind == SoilMoisture {
			period = 3600
		}
		every(s.Kind, i, m.sensors[i], period)
	}
	slices.SortFunc(m.agenda, compareItems)
}

func compareItems(a, b item) int {
	switch {
	case a.second != b.second:
		return int(a.second - b.second)
	case a.kind != b.kind:
		return int(a.kind) - int(b.kind)
	}
	return int(a.index - b.index)
}

// local is an hour as the city's people live it. Hours are numbered from 1970 in UTC.
type local struct {
	hour    int64
	clock   int // hour of the day
	weekday time.Weekday
	month   int   // January is 0
	day     int64 // the city's day, numbered from 1970
}

func (m *model) local(hour int64) local {
	t := time.Unix(hour*3600, 0).In(m.loc)
	y, month, d := t.Date()
	day := time.Date(y, month, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	return local{hour, t.Hour(), t.Weekday(), int(month) - 1, day}
}

// at returns the Unix time of a clock time on the city's day.
func (m *model) at(day int64, clock time.Duration) int64 {
	y, month, d := time.Unix(day*86400, 0).UTC().Date()
	return time.Date(y, month, d, 0, 0, int(clock/time.Second), 0, m.loc).Unix()
}

// meters is the distance between points of one city (equirectangular, better than 0.1 % within 50 km).
func meters(a, b orb.Point) float64 {
	const perDegree = math.Pi / 180 * orb.EarthRadius
	dx := (a[0] - b[0]) * math.Cos((a[1]+b[1])/2*math.Pi/180)
	return math.Hypot(dx, a[1]-b[1]) * perDegree
}
