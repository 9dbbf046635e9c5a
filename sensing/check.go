package sensing

import (
	"encoding/json"
	"fmt"

	"polder.city/internal/problem"
)

// checkAll refuses what cannot be stored.
func (a *appender) checkAll() error {
	for i := range a.pending {
		p := &a.pending[i]
		if p.stream == nil {
			name := p.reading.DatastreamKey
			if p.reading.Datastream != 0 {
				name = fmt.Sprint(p.reading.Datastream)
			}
			a.reject(p, problem.New(problem.NotFound, "observation.datastream", "There is no datastream %s.", name).At("Datastream").
				Do("Register the thing and its datastream first."))
			continue
		}
		if err := p.reading.check(a.now); err != nil {
			a.reject(p, err)
			continue
		}
		if p.reading.Result == nil {
			if err := plausible(p.reading.Value, p.stream.low, p.stream.high); err != nil {
				a.reject(p, err)
				continue
			}
		}
		if p.stream.multi && !hasLength(p.reading.Result, p.stream.width) {
			a.reject(p, problem.New(problem.Invalid, "observation.result.array", "The result of this MultiDatastream is an array of %d values.", p.stream.width).At("result").
				Do("Give one value for each observed property, in their order."))
			continue
		}
		if micros(p.reading.Time) > a.now+flagAhead.Microseconds() {
			p.result.Flag = FlagAhead
			if p.reading.Quality == nil {
				p.reading.Quality = []byte(`{"flag":"` + FlagAhead + `"}`)
			}
		}
	}
	return nil
}

// hasLength reports whether data is a JSON array of n values.
func hasLength(data []byte, n int) bool {
	var values []json.RawMessage
	return json.Unmarshal(data, &values) == nil && len(values) == n
}

func (a *appender) reject(p *pending, err *problem.Error) {
	p.result.Err = err
	r := rejection{reason: err.Code}
	if p.stream != nil {
		r.datastream = p.stream.datastream
	}
	a.rejected[r]++
}

// repeated is the reason under which redeliveries are counted.
const repeated = "observation.repeated"

// use is the observation that an idempotency key was used for.
type use struct{ observation, fingerprint int64 }

func (a *appender) addUse(scan func(...any) error) error {
	var key string
	var u use
	err := scan(&key, &u.observation, &u.fingerprint)
	a.used[key] = u
	return err
}

// findRepeats answers readings whose key was used before with the observation that it was used for.
func (a *appender) findRepeats() error {
	if a.quiet {
		return nil
	}
	// A key twice in one transaction: the second waits for the id of the first, which number sets.
	for i := range a.pending {
		p := &a.pending[i]
		if p.reading.Key == "" || p.result.Err != nil {
			continue
		}
		print := p.reading.fingerprint(p.stream.datastream)
		before, ok := a.used[p.reading.Key]
		switch {
		case !ok:
			a.used[p.reading.Key] = use{observation: int64(-1 - i), fingerprint: print}
		case before.fingerprint != print:
			a.reject(p, problem.New(problem.Conflict, "observation.key.reused", "The idempotency key was used for another observation.").
				At("Idempotency-Key").Do("Use a new key for each observation."))
		default:
			p.result.ID, p.result.Repeated, p.result.Flag = before.observation, true, ""
			a.rejected[rejection{p.stream.datastream, repeated}]++
		}
	}
	return nil
}
