package roads

import "math"

// packedCost is a cost of three parts in one number, so that adding two costs and
// comparing them is one instruction each. From the highest bit:
//
//	29 bits  milliseconds, with the weight of entering destination streets
//	 7 bits  how often such streets were entered, to take that weight out again
//	28 bits  centimetres
//
// Of equally fast ways the one that enters fewer destination streets is the
// cheaper, then the shorter: the cheapest cost between two places is one number,
// whatever the order of a search. A path may last 74 hours (the highest bit is kept
// free, so that two costs can be added and compared; what would last longer counts as
// not to be reached), enter 127 times and be 2,684 km long; Build refuses a network
// across which it could be longer.
type packedCost uint64

const (
	timeShift  = 35
	entryShift = 28
	entryMask  = 1<<(timeShift-entryShift) - 1
	meterMask  = 1<<entryShift - 1
	// unreached is above every cost of a path; twice it fits.
	unreached = packedCost(math.MaxInt64)
)

func packCost(ms, entries, cm int64) packedCost {
	return packedCost(ms<<timeShift | entries<<entryShift | cm)
}

// driveCost returns the cost of driving metres at metres a second.
func driveCost(meters, speed float64) packedCost {
	return packCost(int64(math.Round(meters/speed*1000)), 0, int64(math.Round(meters*100)))
}

// millis returns the time without the weight of the entries, each of entryMillis.
func (c packedCost) millis(entryMillis int64) int64 {
	return int64(c>>timeShift) - int64(c>>entryShift&entryMask)*entryMillis
}

// seconds returns the same rounded.
func (c packedCost) seconds(entryMillis int64) int32 {
	return int32((c.millis(entryMillis) + 500) / 1000)
}

// meters returns the length, rounded.
func (c packedCost) meters() int32 { return int32((c&meterMask + 50) / 100) }

// part returns the cost of a share of an edge: from one fraction of it to another.
func (c packedCost) part(from, to float64) packedCost {
	share := to - from
	ms := math.Round(float64(c>>timeShift) * share)
	cm := math.Round(float64(c&meterMask) * share)
	return packCost(int64(ms), 0, int64(cm))
}

// turn is the arc that a turn leads to (in the upper bits), the kind of turn, and whether it
// is shut: not driven now, though it is at other times.
type turn uint32

const (
	turnBits  = 4
	turnKinds = 1 << 3

	turnStraight = 0
	turnRight    = 1
	turnLeft     = 2
	turnBack     = 3
	turnEntering = 4 // added: from an open street into one for destination traffic
	turnShut     = 8 // added, no part of the kind
)

func makeTurn(arc int32, kind int) turn { return turn(uint32(arc)<<turnBits | uint32(kind)) }

func (t turn) arc() int32   { return int32(t >> turnBits) }
func (t turn) kind() int    { return int(t & (turnKinds - 1)) }
func (t turn) isShut() bool { return t&turnShut != 0 }

// turnCosts returns the cost by kind of turn.
func (p *Profile) turnCosts() (costs [turnKinds]packedCost) {
	for kind, seconds := range [...]float64{0, p.RightSeconds, p.LeftSeconds, p.UTurnSeconds} {
		ms := int64(math.Round(seconds * 1000))
		costs[kind] = packCost(ms, 0, 0)
		costs[kind|turnEntering] = costs[kind]
		if entry := p.entryMillis(); entry > 0 {
			costs[kind|turnEntering] = packCost(ms+entry, 1, 0)
		}
	}
	return costs
}

// entryMillis is the weight of entering streets for destination traffic.
func (p *Profile) entryMillis() int64 { return int64(math.Round(p.DestinationSeconds * 1000)) }
