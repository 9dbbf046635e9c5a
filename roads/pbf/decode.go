package pbf

import (
	"errors"
	"fmt"
)

// Kinds says which kinds of elements a block holds, as a set.
type Kinds uint8

// The kinds of elements.
const (
	Nodes Kinds = 1 << iota
	Ways
	Relations
)

// Tag is a key with its value.
type Tag struct{ Key, Value string }

// Tags are the tags of one element; the slice is reused for the next element.
type Tags []Tag

// Get returns the value of a key, "" when it is not there.
func (t Tags) Get(key string) string {
	for i := range t {
		if t[i].Key == key {
			return t[i].Value
		}
	}
	return ""
}

// Member is a part of a relation.
type Member struct {
	Kind Kinds // Nodes, Ways or Relations
	ID   int64
	Role string
}

// Handler takes the elements of a block. A nil function skips its kind; an error
// stops the reading. Slices are only valid during the call.
type Handler struct {
	Node     func(id int64, lon, lat int32, tags Tags) error // coordinates in 1e-7 degree
	Way      func(id int64, nodes []int64, tags Tags) error
	Relation func(id int64, members []Member, tags Tags) error
}

// tables are what the elements of a block share, and the buffers.
type tables struct {
	strings   []string
	unit      int64 // of coordinates, in 1e-9 degree
	latOffset int64 // 1e-9 degree
	lonOffset int64

	tags    Tags
	nodes   []int64
	members []Member
	groups  [][]byte
}

// More of these in one block or element than any real file has: a few bytes can
// claim them and each costs many times as much memory.
const (
	maxStrings = 1 << 20
	maxGroups  = 1 << 16
	maxList    = 1 << 20
)

var (
	errMany   = errors.New("more elements in one list than a real file has")
	errString = errors.New("a string is asked for that is not in the block's table")
	errLists  = errors.New("lists that belong together differ in length")
)

// decode walks over a PrimitiveBlock.
func (t *tables) decode(data []byte, h Handler) (Kinds, error) {
	t.strings, t.groups = t.strings[:0], t.groups[:0]
	t.unit, t.latOffset, t.lonOffset = 100, 0, 0
	m := message{rest: data}
	for m.next() {
		switch m.field {
		case 1:
			list := message{rest: m.bytes()}
			for list.next() {
				if len(t.strings) == maxStrings {
					return 0, errMany
				}
				if list.field == 1 {
					t.strings = append(t.strings, string(list.bytes()))
				}
			}
			m.fail(list.err)
		case 2:
			if len(t.groups) == maxGroups {
				return 0, errMany
			}
			t.groups = append(t.groups, m.bytes())
		case 17:
			t.unit = int64(int32(m.number()))
		case 19:
			t.latOffset = int64(m.number())
		case 20:
			t.lonOffset = int64(m.number())
		}
	}
	if m.err != nil {
		return 0, m.err
	}
	var kinds Kinds
	for _, group := range t.groups {
		k, err := t.group(group, h)
		kinds |= k
		if err != nil {
			return kinds, err
		}
	}
	return kinds, nil
}

func (t *tables) group(data []byte, h Handler) (kinds Kinds, err error) {
	m := message{rest: data}
	for m.next() {
		switch m.field {
		case 1:
			kinds |= Nodes
			if h.Node != nil {
				err = t.node(m.bytes(), h.Node)
			}
		case 2:
			kinds |= Nodes
			if h.Node != nil {
				err = t.dense(m.bytes(), h.Node)
			}
		case 3:
			kinds |= Ways
			if h.Way != nil {
				err = t.way(m.bytes(), h.Way)
			}
		case 4:
			kinds |= Relations
			if h.Relation != nil {
				err = t.relation(m.bytes(), h.Relation)
			}
		}
		m.fail(err)
	}
	return kinds, m.err
}

func (t *tables) node(data []byte, emit func(int64, int32, int32, Tags) error) error {
	var id, lat, lon int64
	var keys, vals packed
	m := message{rest: data}
	for m.next() {
		switch m.field {
		case 1:
			id = zigzag(m.number())
		case 2:
			keys = m.bytes()
		case 3:
			vals = m.bytes()
		case 8:
			lat = zigzag(m.number())
		case 9:
			lon = zigzag(m.number())
		}
	}
	if m.err != nil {
		return m.err
	}
	if err := t.pairs(keys, vals); err != nil {
		return err
	}
	return t.place(id, lon, lat, emit)
}

func (t *tables) dense(data []byte, emit func(int64, int32, int32, Tags) error) error {
	var ids, lats, lons, keyvals packed
	m := message{rest: data}
	for m.next() {
		switch m.field {
		case 1:
			ids = m.bytes()
		case 8:
			lats = m.bytes()
		case 9:
			lons = m.bytes()
		case 10:
			keyvals = m.bytes()
		}
	}
	if m.err != nil {
		return m.err
	}
	tagged := len(keyvals) > 0
	var id, lat, lon int64
	for len(ids) > 0 {
		did, err := ids.signed()
		if err != nil {
			return err
		}
		dlat, err := lats.signed()
		if err != nil {
			return errLists
		}
		dlon, err := lons.signed()
		if err != nil {
			return errLists
		}
		id, lat, lon = id+did, lat+dlat, lon+dlon
		t.tags = t.tags[:0]
		for tagged {
			k, err := keyvals.next()
			if err != nil {
				return errLists
			}
			if k == 0 {
				break
			}
			v, err := keyvals.next()
			if err != nil {
				return errLists
			}
			if err := t.tag(k, v); err != nil {
				return err
			}
		}
		if err := t.place(id, lon, lat, emit); err != nil {
			return err
		}
	}
	return nil
}

// place hands on a node; a wrapped product of a lying file fails the test of
// range or is a place like any other.
func (t *tables) place(id, lon, lat int64, emit func(int64, int32, int32, Tags) error) error {
	x, y := t.lonOffset+t.unit*lon, t.latOffset+t.unit*lat
	if x < -180e9 || x > 180e9 || y < -90e9 || y > 90e9 {
		return fmt.Errorf("node %d lies outside the earth's coordinates", id)
	}
	return emit(id, round(x), round(y), t.tags)
}

func round(nano int64) int32 {
	if nano < 0 {
		return int32((nano - 50) / 100)
	}
	return int32((nano + 50) / 100)
}

func (t *tables) way(data []byte, emit func(int64, []int64, Tags) error) error {
	id, lists, err := t.element(data)
	if err != nil {
		return err
	}
	t.nodes = t.nodes[:0]
	node := int64(0)
	for refs := lists[0]; len(refs) > 0; {
		d, err := refs.signed()
		if err != nil {
			return err
		}
		node += d
		if len(t.nodes) == maxList {
			return errMany
		}
		t.nodes = append(t.nodes, node)
	}
	return emit(id, t.nodes, t.tags)
}

func (t *tables) relation(data []byte, emit func(int64, []Member, Tags) error) error {
	id, lists, err := t.element(data)
	if err != nil {
		return err
	}
	t.members = t.members[:0]
	member := int64(0)
	for roles, ids, kinds := lists[0], lists[1], lists[2]; len(ids) > 0; {
		if len(t.members) == maxList {
			return errMany
		}
		d, err := ids.signed()
		if err != nil {
			return err
		}
		role, err := roles.next()
		if err != nil {
			return errLists
		}
		kind, err := kinds.next()
		if err != nil {
			return errLists
		}
		if role >= uint64(len(t.strings)) {
			return errString
		}
		if kind > 2 {
			return fmt.Errorf("relation %d has a member of unknown kind %d", id, kind)
		}
		member += d
		t.members = append(t.members, Member{Kind: 1 << kind, ID: member, Role: t.strings[role]})
	}
	return emit(id, t.members, t.tags)
}

// element reads what ways and relations have in common, and fills t.tags: an id, tags, and
// lists, which are the fields from 8 on.
func (t *tables) element(data []byte) (id int64, lists [3]packed, err error) {
	var keys, vals packed
	m := message{rest: data}
	for m.next() {
		switch m.field {
		case 1:
			id = int64(m.number())
		case 2:
			keys = m.bytes()
		case 3:
			vals = m.bytes()
		case 8, 9, 10:
			lists[m.field-8] = m.bytes()
		}
	}
	if m.err != nil {
		return 0, lists, m.err
	}
	return id, lists, t.pairs(keys, vals)
}

// pairs fills t.tags from two lists of string numbers.
func (t *tables) pairs(keys, vals packed) error {
	t.tags = t.tags[:0]
	for len(keys) > 0 {
		k, err := keys.next()
		if err != nil {
			return err
		}
		v, err := vals.next()
		if err != nil {
			return errLists
		}
		if err := t.tag(k, v); err != nil {
			return err
		}
	}
	return nil
}

func (t *tables) tag(k, v uint64) error {
	if n := uint64(len(t.strings)); k >= n || v >= n {
		return errString
	}
	if len(t.tags) == maxList {
		return errMany
	}
	t.tags = append(t.tags, Tag{t.strings[k], t.strings[v]})
	return nil
}
