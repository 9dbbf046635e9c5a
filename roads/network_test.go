package roads_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
	"polder.city/roads"
)

func stored(t testing.TB, n *roads.Network) []byte {
	t.Helper()
	var b bytes.Buffer
	k, err := n.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if k != int64(b.Len()) {
		t.Errorf("WriteTo says %d bytes and wrote %d", k, b.Len())
	}
	return b.Bytes()
}

func TestAStoredNetworkComesBackTheSame(t *testing.T) {
	made := &roads.Network{
		Source: "gesimuleerd", Simulated: true,
		Nodes: []orb.Point{{5.2, 52.3}, {5.3, 52.3}, {-5.3, -52.3}},
		Ways: []roads.Way{
			{ID: -7, Nodes: []int32{2, 0, 1}, Name: "Dreef", Ref: "N1", Class: roads.Ferry, Forward: 63, Backward: 1, MaxSpeed: 30, MaxWeight: 75, MaxHeight: 400, MaxWidth: 220, MaxLength: 1000, Bridge: true, Unpaved: true},
			{ID: 1 << 60, Nodes: []int32{0, 1}, Class: roads.Motorway, Forward: 7, Tunnel: true, Roundabout: true},
		},
		Barriers:     []roads.Barrier{{Node: 0, Passes: roads.AccessFoot}, {Node: 2, Passes: 63, MaxHeight: 210, MaxWidth: 9}},
		Restrictions: []roads.Restriction{{From: 0, To: 1, Via: 1, Only: true, Applies: roads.AccessTruck}, {From: 1, To: 0, Via: 0}},
		Areas:        []roads.Area{{Kind: roads.Water, Name: "Meer", Schematic: true, Polygon: orb.Polygon{{{5, 52}, {5.1, 52}, {5.1, 52.1}, {5, 52}}, {}}}},
	}
	for name, n := range map[string]*roads.Network{"Liechtenstein": realNetwork(t), "a hand-made one": made} {
		first := stored(t, n)
		again, err := roads.ReadNetwork(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(stored(t, again), first) {
			t.Errorf("%s: the bytes differ after reading and storing again", name)
		}
		if again.Source != n.Source || again.Simulated != n.Simulated || !slices.Equal(again.Nodes, n.Nodes) ||
			!slices.EqualFunc(again.Restrictions, n.Restrictions, sameRestriction) || !slices.Equal(again.Barriers, n.Barriers) ||
			!slices.EqualFunc(again.Ways, n.Ways, sameWay) || !slices.EqualFunc(again.Areas, n.Areas, sameArea) {
			t.Errorf("%s: the network differs", name)
		}
		t.Logf("%s: %d bytes", name, len(first))
	}
}

func sameWay(a, b roads.Way) bool {
	equal := slices.Equal(a.Nodes, b.Nodes)
	a.Nodes, b.Nodes = nil, nil
	return equal && a.Private == b.Private && a.Seconds == b.Seconds && slices.Equal(a.Conditionals, b.Conditionals) && a.ID == b.ID && a.Name == b.Name && a.Ref == b.Ref && a.Class == b.Class && a.Forward == b.Forward &&
		a.Backward == b.Backward && a.MaxSpeed == b.MaxSpeed && a.MaxWeight == b.MaxWeight && a.MaxHeight == b.MaxHeight &&
		a.MaxWidth == b.MaxWidth && a.MaxLength == b.MaxLength && a.Bridge == b.Bridge && a.Tunnel == b.Tunnel &&
		a.Roundabout == b.Roundabout && a.Unpaved == b.Unpaved
}

func sameArea(a, b roads.Area) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.Schematic == b.Schematic &&
		slices.EqualFunc(a.Polygon, b.Polygon, func(r, s orb.Ring) bool { return slices.Equal(r, s) })
}

func TestAStoredNetworkThatIsNotSoundIsRefused(t *testing.T) {
	good := stored(t, small())
	change := func(at int, b byte) []byte {
		c := bytes.Clone(good)
		c[at] = b
		return c
	}
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"empty":          {nil, "roads.network.foreign"},
		"another file":   {[]byte("SQLite format 3\x00"), "roads.network.foreign"},
		"only the magic": {good[:8], "roads.network.truncated"},
		"newer":          {change(8, 9), "roads.network.newer"},
		"version 0":      {change(8, 0), "roads.network.corrupt"},
		"cut off early":  {good[:20], "roads.network.truncated"},
		"cut off late":   {good[:len(good)-1], "roads.network.corrupt"},
		"changed":        {change(len(good)/2, good[len(good)/2]+1), "roads.network.corrupt"},
		"longer":         {append(bytes.Clone(good), 0), "roads.network.corrupt"},
		"contradiction":  {signed([]byte("POLDRNET\x01\x00\x00\x05")), "roads.network.corrupt"},
		"left over":      {signed(append(bytes.Clone(good[:len(good)-32]), 0)), "roads.network.corrupt"},
	} {
		_, err := roads.ReadNetwork(bytes.NewReader(c.data))
		if p, ok := errors.AsType[*problem.Error](err); !ok || p.Code != c.code || p.Kind != problem.Invalid || p.Way == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// signed puts the right checksum behind a body.
func signed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

func FuzzReadNetwork(f *testing.F) {
	good := stored(f, small())
	f.Add(good[9 : len(good)-32])
	ruled := small()
	ruled.Ways[0].Private = both
	ruled.Ways[1].Conditionals = []roads.Conditional{{When: "07:00-09:00", Forward: both}}
	ruled.Restrictions = []roads.Restriction{{From: 0, To: 2, Via: 1, Over: []int32{1}, When: "Mo-Fr"}}
	newer := stored(f, ruled)
	f.Add(newer[9 : len(newer)-32])
	f.Add(append(newer[9:len(newer)-32:len(newer)-32], 0))
	f.Add([]byte{})
	f.Add([]byte{1, 1, 1})
	f.Add([]byte{1, 1, 1, 'a', 1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := roads.ReadNetwork(bytes.NewReader(body)); err == nil {
			t.Error("a file without its checksum was read")
		}
		// With the right checksum only the contents can be wrong.
		version := byte(1)
		if len(body)%2 == 1 {
			version = 2
		}
		n, err := roads.ReadNetwork(bytes.NewReader(signed(append([]byte("POLDRNET"+string(version)), body...))))
		if err != nil {
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("not a problem of the file: %v", err)
			}
			return
		}
		if again, err := roads.ReadNetwork(bytes.NewReader(stored(t, n))); err != nil || !bytes.Equal(stored(t, again), stored(t, n)) {
			t.Errorf("stored again it differs: %v", err)
		}
		if g, err := roads.Build(n, roads.Truck()); err == nil {
			useGraph(t, g, n)
		}
	})
}

func TestAnInconsistentNetworkIsNeitherBuiltNorStored(t *testing.T) {
	for name, spoil := range map[string]func(*roads.Network){
		"a way of one node":          func(n *roads.Network) { n.Ways[0].Nodes = []int32{0} },
		"a node that is not there":   func(n *roads.Network) { n.Ways[0].Nodes[0] = 99 },
		"a way that is not there":    func(n *roads.Network) { n.Restrictions = []roads.Restriction{{From: 99}} },
		"a barrier that is nowhere":  func(n *roads.Network) { n.Barriers = []roads.Barrier{{Node: -1}} },
		"barriers out of order":      func(n *roads.Network) { n.Barriers = []roads.Barrier{{Node: 1}, {Node: 0}} },
		"a class that is unknown":    func(n *roads.Network) { n.Ways[0].Class = 200 },
		"a latitude beyond the pole": func(n *roads.Network) { n.Nodes[0][1] = 91 },
		"a condition that is none":   func(n *roads.Network) { n.Ways[0].Conditionals = []roads.Conditional{{When: "wet"}} },
		"a turn at no time":          func(n *roads.Network) { n.Restrictions = []roads.Restriction{{When: "soon"}} },
		"a turn over no way":         func(n *roads.Network) { n.Restrictions = []roads.Restriction{{Over: []int32{99}}} },
		"a ferry of a day":           func(n *roads.Network) { n.Ways[0].Seconds = 86400 },
		"a zone without outline":     func(n *roads.Network) { n.Zones = []roads.Zone{{}} },
		"an area without outline":    func(n *roads.Network) { n.Areas = []roads.Area{{Kind: roads.Water}} },
	} {
		n := small()
		spoil(n)
		if _, err := roads.Build(n, roads.Truck()); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "network") {
			t.Errorf("%s: Build says %v", name, err)
		}
		if _, err := n.WriteTo(&bytes.Buffer{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: WriteTo says %v", name, err)
		}
		if _, err := roads.NewChecker(n, roads.Truck()); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: NewChecker says %v", name, err)
		}
	}
}

func sameRestriction(a, b roads.Restriction) bool {
	return a.From == b.From && a.To == b.To && a.Via == b.Via && a.Only == b.Only && a.Applies == b.Applies && a.When == b.When &&
		slices.Equal(a.Over, b.Over)
}
