package simulate

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
)

// snapshot is a World's state as JSON. What follows from the Config is not in it.
type snapshot struct {
	Version    int        `json:"version"`
	City       string     `json:"city"` // of which Config it is the state
	Now        int64      `json:"now"`  // Unix time
	Containers [][8]int64 `json:"containers"`
	Lifts      []lift     `json:"lifts"`
	Ledgers    []Ledger   `json:"ledgers"`
}

const (
	snapshotVersion = 1
	latest          = 253402300799 // the last second of the year 9999
)

// Snapshot returns the world's state as JSON, some 80 bytes a container, for [Restore].
func (w *World) Snapshot() ([]byte, error) {
	s := snapshot{Version: snapshotVersion, City: w.m.city(), Now: w.now, Lifts: w.lifts, Ledgers: w.books}
	for i := range w.levels {
		l := &w.levels[i]
		missed := int64(0)
		if l.missed {
			missed = 1
		}
		s.Containers = append(s.Containers, [8]int64{l.fill, l.beside, l.arriving, l.emptied, l.overfullDay, int64(l.done), int64(l.seen), missed})
	}
	out, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("snapshot of the simulated city: %w", err)
	}
	return out, nil
}

// Restore returns the world that Snapshot kept; it goes on as if it had never stopped. The
// Config must have the seed, streams and containers of the first; policy, periods, set
// pieces and sensors may differ, and then act from now on.
func Restore(c Config, state []byte) (*World, error) {
	m, err := newModel(c)
	if err != nil {
		return nil, fmt.Errorf("simulated city: %w", err)
	}
	var s snapshot
	if err := json.Unmarshal(state, &s); err != nil {
		return nil, fmt.Errorf("restore the simulated city: %w", err)
	}
	switch {
	case s.Version != snapshotVersion:
		return nil, fmt.Errorf("restore the simulated city: the snapshot has version %d, this program reads %d", s.Version, snapshotVersion)
	case s.City != m.city() || len(s.Containers) != len(m.containers) || len(s.Ledgers) != len(m.streams):
		return nil, fmt.Errorf("restore the simulated city: the snapshot is of another seed, other streams or other containers")
	case s.Now < 0 || s.Now > latest:
		return nil, fmt.Errorf("restore the simulated city: the snapshot's time %d lies before 1970 or after 9999", s.Now)
	}
	w := newWorld(m, s.Now)
	for i, x := range s.Containers {
		l := level{fill: x[0], beside: x[1], arriving: x[2], emptied: x[3], overfullDay: x[4], done: int32(x[5]), seen: int16(x[6]), missed: x[7] == 1}
		if l.fill < 0 || l.fill > m.containers[i].refusal || l.beside < 0 || l.arriving < 0 || x[5] < 0 || x[5] >= 3600 || x[6] < 0 || x[6] > 1500 {
			return nil, fmt.Errorf("restore the simulated city: container %q cannot be in the state %v", m.c.Containers[i].ID, x)
		}
		w.levels[i] = l
	}
	for i, l := range s.Lifts {
		if l.Container < 0 || l.Container >= len(m.containers) || l.At < s.Now || (i > 0 && l.At < s.Lifts[i-1].At) {
			return nil, fmt.Errorf("restore the simulated city: lift %d cannot be %+v", i, l)
		}
	}
	copy(w.books, s.Ledgers)
	w.lifts = s.Lifts
	w.open(s.Now)
	return w, nil
}

// city is a fingerprint of what the state of a world refers to.
func (m *model) city() string {
	h := fnv.New64a()
	fmt.Fprintln(h, m.c.Seed)
	for _, s := range m.c.Streams {
		fmt.Fprintln(h, s.ID)
	}
	for _, c := range m.c.Containers {
		fmt.Fprintln(h, c.ID, c.Stream, c.VolumeLitres)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
