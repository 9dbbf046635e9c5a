package sta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"polder.city/internal/problem"
	"polder.city/sensing"
)

// write answers POST, PATCH and DELETE.
func (a *API) write(w http.ResponseWriter, r *http.Request, at *resource) error {
	what := "observations.create"
	if !at.create {
		e, _ := at.last()
		what = strings.ToLower(e.set) + "." + map[string]string{http.MethodPost: "create", http.MethodPatch: "change", http.MethodDelete: "delete"}[r.Method]
	}
	if a.auth == nil {
		return problem.New(problem.Forbidden, "sta.write", "Nobody may write here.").Do("Ask the city for access.")
	}
	if err := a.auth.MayWrite(r, what); err != nil {
		return err
	}
	var body []byte
	if r.Method != http.MethodDelete {
		var err error
		if body, err = a.readBody(r); errors.Is(err, errTooLarge) {
			return writeStatus(w, http.StatusRequestEntityTooLarge, err)
		} else if err != nil {
			return err
		}
	}
	if at.create {
		return a.createObservations(w, r, body)
	}
	e, _ := at.last()
	in, id, _, err := a.resolve(r.Context(), at)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodPost:
		return a.post(w, r, e, in, body)
	case http.MethodPatch:
		return a.patch(w, r, e, id, body)
	default:
		if err := a.change(r.Context(), func(c *creation) error { return c.remove(e, id) }); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// made answers with the address of a new entity.
func (a *API) made(w http.ResponseWriter, r *http.Request, e *entity, id int64, flag string) error {
	self := a.base(r) + "/" + e.set + "(" + strconv.FormatInt(id, 10) + ")"
	body, err := json.Marshal(struct {
		ID   int64  `json:"@iot.id"`
		Self string `json:"@iot.selfLink"`
		Flag string `json:"flag,omitempty"`
	}{id, self, flag})
	if err != nil {
		return err
	}
	w.Header().Set("Location", self)
	return writeJSON(w, http.StatusCreated, body)
}

func (a *API) post(w http.ResponseWriter, r *http.Request, e *entity, in *within, body []byte) error {
	o, err := parseObject(e, body, "")
	if err != nil {
		return err
	}
	if e.isObservation() {
		if reading, ok, err := a.plainReading(o, in); err != nil {
			return err
		} else if ok {
			return a.observe(w, r, e, reading)
		}
	}
	var id int64
	if err := a.change(r.Context(), func(c *creation) error {
		var err error
		id, err = c.create(e, o, in)
		return err
	}); err != nil {
		return err
	}
	return a.made(w, r, e, id, "")
}

// plainReading reads an observation that makes nothing beside itself, for the fast door.
func (a *API) plainReading(o object, in *within) (reading sensing.Reading, ok bool, err error) {
	reading, err = (&creation{a: a}).reading(o, in)
	if err != nil {
		return reading, false, err
	}
	for name, to := range map[string]*int64{"Datastream": &reading.Datastream, "MultiDatastream": &reading.Datastream, "FeatureOfInterest": &reading.Feature} {
		if raw, given := o.given(name); given && *to == 0 {
			id, isLink := linked(raw)
			if !isLink {
				return reading, false, nil
			}
			*to = id
		}
	}
	return reading, true, nil
}

// observe stores one reading and answers after its commit.
func (a *API) observe(w http.ResponseWriter, r *http.Request, e *entity, reading sensing.Reading) error {
	var err error
	if reading.Key, err = idempotencyKey(r); err != nil {
		return err
	}
	results, err := a.store.Observe(r.Context(), []sensing.Reading{reading})
	if err != nil {
		return err
	}
	if p := results[0].Err; p != nil {
		if p.Code == "observation.datastream" { // named by link: the sender's mistake
			wrong := *p
			wrong.Kind = problem.Invalid
			return &wrong
		}
		return p
	}
	return a.made(w, r, e, results[0].ID, results[0].Flag)
}

func idempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 150 {
		return "", bodyProblem("Idempotency-Key", "The key is longer than 150 bytes.", "Use a UUID.")
	}
	return key, nil
}

// dataArray is one datastream's part of CreateObservations.
type dataArray struct {
	Single     json.RawMessage     `json:"Datastream"`
	Multi      json.RawMessage     `json:"MultiDatastream"`
	Components []string            `json:"components"`
	Rows       [][]json.RawMessage `json:"dataArray"`
}

// createObservations stores data arrays, and answers each row with its address or its error.
func (a *API) createObservations(w http.ResponseWriter, r *http.Request, body []byte) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	var arrays []dataArray
	if err := json.Unmarshal(body, &arrays); err != nil {
		return bodyProblem("body", "This is no list of data arrays.", `Write [{"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"], "dataArray": [[...]]}].`)
	}
	var readings []sensing.Reading
	var wrong []error // by row; nil for those that are tried
	var tried []int
	for i, array := range arrays {
		where := strconv.Itoa(i)
		raw := array.Single
		if raw == nil {
			raw = array.Multi
		}
		id, ok := linked(raw)
		if !ok {
			return bodyProblem(where+"/Datastream", "The data array has no Datastream.", `Give it by link: {"@iot.id": 1}.`)
		}
		for k, row := range array.Rows {
			reading, err := array.reading(row, where+"/dataArray/"+strconv.Itoa(k))
			wrong = append(wrong, err)
			if err != nil {
				continue
			}
			reading.Datastream = id
			if key != "" {
				reading.Key = key + "#" + strconv.Itoa(len(wrong)-1)
			}
			tried = append(tried, len(wrong)-1)
			readings = append(readings, reading)
		}
	}
	results, err := a.store.Observe(r.Context(), readings)
	if err != nil {
		return err
	}
	answers := make([]string, len(wrong))
	for i, err := range wrong {
		if err != nil {
			answers[i] = "error: " + err.Error()
		}
	}
	base := a.base(r)
	for i, result := range results {
		if result.Err != nil {
			answers[tried[i]] = "error: " + result.Err.Error()
		} else {
			answers[tried[i]] = base + "/Observations(" + strconv.FormatInt(result.ID, 10) + ")"
		}
	}
	answer, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, answer)
}

// reading reads a row of a data array by its components.
func (d *dataArray) reading(row []json.RawMessage, where string) (sensing.Reading, error) {
	var r sensing.Reading
	if len(row) != len(d.Components) {
		return r, bodyProblem(where, "The row has %d values, not %d.", "Give one for each component.", len(row), len(d.Components))
	}
	o := object{members: map[string]json.RawMessage{}, where: where}
	for i, name := range d.Components {
		switch name {
		case "FeatureOfInterest/id", "FeatureOfInterest/@iot.id":
			if string(row[i]) != "null" && json.Unmarshal(row[i], &r.Feature) != nil {
				return r, bodyProblem(o.at(name), "This is no id.", "Give a whole number.")
			}
		case "phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters":
			o.members[name] = row[i]
		default:
			return r, bodyProblem(o.at(clip(name)), "An Observation has no such component.",
				"The components are phenomenonTime, result, resultTime, resultQuality, validTime, parameters and FeatureOfInterest/id.")
		}
	}
	if _, ok := o.members["result"]; !ok {
		return r, bodyProblem(o.at("result"), "The row has no result.", "Name result among the components.")
	}
	return r, o.observe(&r)
}

// patch changes what was sent, and answers with the whole entity.
func (a *API) patch(w http.ResponseWriter, r *http.Request, e *entity, id int64, body []byte) error {
	o, err := parseObject(e, body, "")
	if err != nil {
		return err
	}
	if e.isObservation() {
		err = a.patchObservation(r.Context(), e, id, o)
	} else {
		err = a.change(r.Context(), func(c *creation) error { return c.patch(e, id, o) })
	}
	if err != nil {
		return err
	}
	record, err := a.get(r.Context(), a.db.Read(), e, id)
	if err != nil {
		return err
	}
	out := &encoder{a: a, ctx: r.Context(), q: a.db.Read(), base: a.base(r), left: maxEntities}
	if err := out.entity(e, record, &options{}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, out.buf.Bytes())
}

func (a *API) patchObservation(ctx context.Context, e *entity, id int64, o object) error {
	for _, name := range []string{"Datastream", "MultiDatastream"} {
		if _, ok := o.given(name); ok {
			return bodyProblem(name, "An Observation stays with its %s.", "Delete it, and make it there.", name)
		}
	}
	var feature int64
	if raw, ok := o.given("FeatureOfInterest"); ok {
		if feature, ok = linked(raw); !ok {
			return bodyProblem("FeatureOfInterest", "This is no link.", `Write it as {"@iot.id": 1}.`)
		}
	}
	return a.store.Change(ctx, id, func(x *sensing.Observation) error {
		r := sensing.Reading{
			Time: x.Time, End: x.End, ResultTime: x.ResultTime, ValidFrom: x.ValidFrom, ValidTo: x.ValidTo,
			Value: x.Value, Result: x.Result, Quality: x.Quality, Parameters: x.Parameters,
		}
		if err := o.observe(&r); err != nil {
			return err
		}
		x.Time, x.End, x.ResultTime, x.ValidFrom, x.ValidTo = r.Time, r.End, r.ResultTime, r.ValidFrom, r.ValidTo
		x.Value, x.Result, x.Quality, x.Parameters = r.Value, r.Result, r.Quality, r.Parameters
		if feature != 0 {
			x.Feature = feature
		}
		return nil
	})
}

// patch changes the columns and relations of an entity that were sent.
func (c *creation) patch(e *entity, id int64, o object) error {
	columns, values, err := c.columns(e, o, false)
	if err != nil {
		return err
	}
	for _, r := range e.relations {
		if raw, ok := o.given(r.name); ok && !r.many {
			to, isLink := linked(raw)
			if !isLink {
				return bodyProblem(o.at(r.name), "This is no link.", `Write it as {"@iot.id": 1}.`)
			}
			if err := c.exists(r.to, to, o.at(r.name)); err != nil {
				return err
			}
			columns, values = append(columns, r.column), append(values, to)
		}
	}
	if len(columns) > 0 {
		set := make([]string, len(columns))
		for i, column := range columns {
			set[i] = column + " = $" + strconv.Itoa(i+1)
		}
		if _, err := c.tx.ExecContext(c.ctx, "UPDATE "+e.table+" SET "+strings.Join(set, ", ")+" WHERE id = $"+strconv.Itoa(len(set)+1), append(values, id)...); err != nil {
			return fmt.Errorf("change %s(%d): %w", e.set, id, err)
		}
	}
	if _, ok := o.given("location"); ok && e.set == "Locations" {
		if err := c.a.store.ReshapeTx(c.ctx, c.tx, id); err != nil {
			return err
		}
	}
	if err := c.createWithin(e, id, o); err != nil {
		return err
	}
	return c.check(e, id, o)
}

// remove deletes an entity with all that the standard's table says goes with it.
func (c *creation) remove(e *entity, id int64) error {
	switch e.set {
	case "Observations":
		return c.a.store.RemoveTx(c.ctx, c.tx, id)
	case "FeaturesOfInterest":
		return c.a.store.RemoveFeatureTx(c.ctx, c.tx, id)
	case "Datastreams", "MultiDatastreams":
		return c.a.store.RemoveDatastreamTx(c.ctx, c.tx, id)
	case "Locations": // while it still tells which things stand there
		if err := c.a.store.ReshapeTx(c.ctx, c.tx, id); err != nil {
			return err
		}
	}
	for _, r := range e.relations {
		if !r.cascade {
			continue
		}
		query := "SELECT b.id FROM " + r.to.table + " b WHERE " + with(with(r.on, "{a}.id", "$1"), "{b}", "b")
		if condition := r.to.condition("b"); condition != "" {
			query += " AND " + condition
		}
		others, err := ids(c.ctx, c.tx, query, id)
		if err != nil {
			return fmt.Errorf("delete %s(%d): %w", e.set, id, err)
		}
		for _, other := range others {
			if err := c.remove(r.to, other); err != nil {
				return err
			}
		}
	}
	if _, err := c.tx.ExecContext(c.ctx, "DELETE FROM "+e.table+" WHERE id = $1", id); err != nil {
		return fmt.Errorf("delete %s(%d): %w", e.set, id, err)
	}
	return nil
}
