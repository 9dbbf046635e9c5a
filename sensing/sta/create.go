package sta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

// creation makes entities, and what stands within them, in one transaction.
type creation struct {
	a         *API
	ctx       context.Context
	tx        *store.Tx
	now       int64
	made      int
	committed []func() // to be called after the commit
}

// maxMade bounds how many entities one request may make.
const maxMade = 5000

// change runs f in a transaction for writing.
func (a *API) change(ctx context.Context, f func(c *creation) error) error {
	c := &creation{a: a, ctx: ctx, now: a.clock.Now().UnixMicro()}
	err := a.db.Tx(ctx, func(tx *store.Tx) error {
		if err := a.store.LockTx(ctx, tx); err != nil {
			return err
		}
		c.tx = tx
		return f(c)
	})
	if err != nil {
		return err
	}
	for _, f := range c.committed {
		f()
	}
	a.store.Announce()
	return nil
}

// create makes an entity, within what in leads from, and returns its id.
func (c *creation) create(e *entity, o object, in *within) (int64, error) {
	if c.made++; c.made > maxMade {
		return 0, bodyProblem(o.where, "The request makes more than %d entities.", "Send it in parts.", maxMade)
	}
	if e.isObservation() {
		return c.createObservation(o, in)
	}
	columns, values, err := c.columns(e, o, true)
	if err != nil {
		return 0, err
	}
	for _, r := range e.relations {
		if r.many {
			continue
		}
		id, err := c.target(e, r, o, in)
		if err != nil {
			return 0, err
		}
		columns, values = append(columns, r.column), append(values, id)
	}
	marks := make([]string, len(values))
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	if e.fixed != "" {
		columns, marks = append(columns, "multi"), append(marks, e.fixed)
	}
	var id int64
	if err := c.tx.QueryRowContext(c.ctx, "INSERT INTO "+e.table+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+") RETURNING id", values...).Scan(&id); err != nil {
		return 0, fmt.Errorf("create %s: %w", e.name, err)
	}
	if in != nil && e.relation(in.relation.inverse).many {
		if err := c.connect(e, e.relation(in.relation.inverse), id, []int64{in.id}); err != nil {
			return 0, err
		}
	}
	if err := c.createWithin(e, id, o); err != nil {
		return 0, err
	}
	return id, c.check(e, id, o)
}

// columns turns the properties that were sent into columns. whole is a new entity, not a part of one.
func (c *creation) columns(e *entity, o object, whole bool) (columns []string, values []any, err error) {
	for _, p := range e.properties {
		if p.column == "" {
			continue // what the service keeps cannot be written, and is sent back by those who read it
		}
		raw, ok := o.members[p.name]
		if ok && string(raw) == "null" {
			if p.required {
				return nil, nil, bodyProblem(o.at(p.name), "%s cannot be empty.", "Give a value.", p.name)
			}
			ok = whole && p.filled != ""
			if !ok {
				columns, values = append(columns, p.column), append(values, nil)
				continue
			}
		}
		if !ok && whole && p.filled != "" {
			raw, ok = json.RawMessage(p.filled), true
		}
		if !ok {
			if p.required && whole {
				return nil, nil, bodyProblem(o.at(p.name), "A %s needs %s.", "Give it.", e.name, p.name)
			}
			continue
		}
		v, err := p.stored(raw, o.at(p.name))
		if err != nil {
			return nil, nil, err
		}
		columns, values = append(columns, p.column), append(values, v)
	}
	if e.set == "Things" && whole {
		columns, values = append(columns, "search"), append(values, "")
	}
	if raw, ok := o.given("location"); ok && e.set == "Locations" {
		var lon, lat any
		if p, found := sensing.Middle(raw); found {
			lon, lat = p.Lon(), p.Lat()
		}
		columns, values = append(columns, "lon", "lat"), append(values, lon, lat)
	}
	return columns, values, nil
}

// target returns the id of what a relation to one leads to: from the path, by link, or made here.
func (c *creation) target(e *entity, r *relation, o object, in *within) (int64, error) {
	if in != nil && in.relation.inverse == r.name {
		return in.id, nil
	}
	raw, ok := o.given(r.name)
	if !ok {
		return 0, bodyProblem(o.at(r.name), "A %s needs its %s.", `Give it whole, or by link: {"@iot.id": 1}.`, e.name, r.name)
	}
	return c.linkOrCreate(r.to, raw, o.at(r.name), nil)
}

// linkOrCreate returns the id that a link holds, or of the entity that it makes.
func (c *creation) linkOrCreate(e *entity, raw json.RawMessage, where string, in *within) (int64, error) {
	if id, ok := linked(raw); ok {
		return id, c.exists(e, id, where)
	}
	o, err := parseObject(e, raw, where)
	if err != nil {
		return 0, err
	}
	return c.create(e, o, in)
}

func (c *creation) exists(e *entity, id int64, where string) error {
	_, err := c.a.get(c.ctx, c.tx, e, id)
	if problem.KindOf(err) == problem.NotFound {
		return bodyProblem(where, "There is no %s(%d).", "Check the number, or give the whole "+e.name+".", e.set, id)
	}
	return err
}

// createWithin makes or links what the relations to many of a new or changed entity hold.
func (c *creation) createWithin(e *entity, id int64, o object) error {
	for _, r := range e.relations {
		raw, ok := o.given(r.name)
		if !ok || !r.many {
			continue
		}
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			items = []json.RawMessage{raw} // one entity for an array of one
		}
		var links []int64
		for i, item := range items {
			where := o.at(r.name) + "/" + strconv.Itoa(i)
			in := &within{r, id}
			if r.link.table != "" {
				in = nil // made alone, then linked all together
			}
			to, err := c.linkOrCreate(r.to, item, where, in)
			if err != nil {
				return err
			}
			if _, isLink := linked(item); isLink || in == nil {
				links = append(links, to)
			}
		}
		if err := c.connect(e, r, id, links); err != nil {
			return err
		}
	}
	return nil
}

// connect makes a relation to many lead to others as well. Where a thing's locations
// change, they replace those before, and history is kept.
func (c *creation) connect(e *entity, r *relation, id int64, others []int64) error {
	switch {
	case len(others) == 0:
		return nil
	case e.set == "Things" && r.name == "Locations":
		return c.a.store.MoveTx(c.ctx, c.tx, id, others, c.now)
	case e.set == "Locations" && r.name == "Things":
		for _, thing := range others {
			if err := c.a.store.MoveTx(c.ctx, c.tx, thing, []int64{id}, c.now); err != nil {
				return err
			}
		}
		return nil
	case r.to.isObservation():
		return bodyProblem(r.name, "Observations cannot be moved to another %s.", "Make them there.", e.name)
	}
	for _, other := range others {
		var err error
		switch {
		case r.link.table == "datastream_property":
			multi, property := id, other
			if r.link.rank == "" {
				multi, property = other, id
			}
			_, err = c.tx.ExecContext(c.ctx, `INSERT INTO datastream_property (datastream, rank, observed_property)
				SELECT $1, coalesce(max(rank) + 1, 0), $2 FROM datastream_property WHERE datastream = $1`, multi, property)
		case r.link.table != "":
			_, err = c.tx.ExecContext(c.ctx, "INSERT INTO "+r.link.table+" ("+r.link.one+", "+r.link.other+") VALUES ($1, $2) ON CONFLICT DO NOTHING", id, other)
		default:
			_, err = c.tx.ExecContext(c.ctx, "UPDATE "+r.to.table+" SET "+r.to.relation(r.inverse).column+" = $1 WHERE id = $2", id, other)
		}
		if err != nil {
			return fmt.Errorf("link %s to %s(%d): %w", r.name, e.set, id, err)
		}
	}
	return nil
}

// check does what must be right once an entity and its relations are written.
func (c *creation) check(e *entity, id int64, o object) error {
	switch e.set {
	case "Things":
		var key, name, description string
		if err := c.tx.QueryRowContext(c.ctx, `SELECT coalesce(key, ''), name, description FROM thing WHERE id = $1`, id).Scan(&key, &name, &description); err != nil {
			return fmt.Errorf("thing %d: %w", id, err)
		}
		_, err := c.tx.ExecContext(c.ctx, `UPDATE thing SET search = $1 WHERE id = $2`, sensing.SearchText(key, name, description), id)
		return err
	case "HistoricalLocations":
		return c.follow(id)
	case "MultiDatastreams":
		var units, types string
		var properties int
		if err := c.tx.QueryRowContext(c.ctx, `SELECT unit, data_types, (SELECT count(*) FROM datastream_property WHERE datastream = d.id) FROM datastream d WHERE id = $1`, id).
			Scan(&units, &types, &properties); err != nil {
			return fmt.Errorf("multidatastream %d: %w", id, err)
		}
		var u, t []json.RawMessage
		if err := errors.Join(json.Unmarshal([]byte(units), &u), json.Unmarshal([]byte(types), &t)); err != nil || len(u) != properties || len(t) != properties {
			return bodyProblem(o.at("ObservedProperties"), "A MultiDatastream needs as many units and data types as observed properties.",
				"Give unitOfMeasurements, multiObservationDataTypes and ObservedProperties one entry for each value of a result.")
		}
	}
	return nil
}

// follow makes the newest historical location of a thing the place where it stands.
func (c *creation) follow(historical int64) error {
	var thing int64
	var newest bool
	if err := c.tx.QueryRowContext(c.ctx, `SELECT h.thing, NOT EXISTS (SELECT 1 FROM historical_location x WHERE x.thing = h.thing AND x.time > h.time)
		FROM historical_location h WHERE h.id = $1`, historical).Scan(&thing, &newest); err != nil {
		return fmt.Errorf("historical location %d: %w", historical, err)
	}
	places, err := ids(c.ctx, c.tx, `SELECT location FROM historical_location_location WHERE historical = $1`, historical)
	if err != nil || !newest || len(places) == 0 {
		return err
	}
	return c.a.store.StandTx(c.ctx, c.tx, thing, places)
}

// createObservation stores an observation with what stands within it.
func (c *creation) createObservation(o object, in *within) (int64, error) {
	r, err := c.reading(o, in)
	if err != nil {
		return 0, err
	}
	e := c.a.m.set("Observations")
	for _, name := range []string{"Datastream", "MultiDatastream"} {
		if raw, ok := o.given(name); ok && r.Datastream == 0 {
			if r.Datastream, err = c.linkOrCreate(e.relation(name).to, raw, o.at(name), nil); err != nil {
				return 0, err
			}
		}
	}
	if raw, ok := o.given("FeatureOfInterest"); ok && r.Feature == 0 {
		if r.Feature, err = c.linkOrCreate(e.relation("FeatureOfInterest").to, raw, o.at("FeatureOfInterest"), nil); err != nil {
			return 0, err
		}
	}
	results, publish, err := c.a.store.ObserveTx(c.ctx, c.tx, []sensing.Reading{r})
	if err != nil {
		return 0, err
	}
	if p := results[0].Err; p != nil {
		refused := *p
		return 0, refused.At(o.at(p.Where))
	}
	c.committed = append(c.committed, publish)
	return results[0].ID, nil
}

// reading reads the plain members of an observation, and what the path says of it.
func (c *creation) reading(o object, in *within) (sensing.Reading, error) {
	var r sensing.Reading
	if _, ok := o.members["result"]; !ok {
		return r, bodyProblem(o.at("result"), "An Observation needs a result.", "Give it.")
	}
	if in != nil && in.relation.inverse == "FeatureOfInterest" {
		r.Feature = in.id
	} else if in != nil {
		r.Datastream = in.id
	}
	_, single := o.given("Datastream")
	_, multi := o.given("MultiDatastream")
	if r.Datastream == 0 && !single && !multi {
		return r, bodyProblem(o.at("Datastream"), "An Observation needs its Datastream.", `Give it by link: "Datastream": {"@iot.id": 1}.`)
	}
	return r, o.observe(&r)
}
