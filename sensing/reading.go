package sensing

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"polder.city/internal/problem"
)

// Reading is what a sensor, importer or program reports for one datastream.
type Reading struct {
	Datastream    int64  // the datastream's id; or else
	DatastreamKey string // its key, "FIL-014-R/fill"

	Time       time.Time // when it happened, or began; zero for now
	End        time.Time // zero for an instant
	ResultTime time.Time // zero when not given
	ValidFrom  time.Time
	ValidTo    time.Time
	Value      float64         // the result, unless Result is given
	Result     json.RawMessage // a result of any kind; a JSON number is stored as Value
	Quality    json.RawMessage
	Parameters json.RawMessage // a JSON object
	Feature    int64           // feature of interest; 0 for the place where the thing stands

	// Key recognises a redelivery: a reading with the key of an earlier one is
	// not stored again, and is answered with the earlier one's id. Remembered for a week.
	Key string

	untimed bool // Time was not given
}

// Result is what became of one reading.
type Result struct {
	ID       int64          // the observation's id; 0 when refused
	Flag     string         // [FlagAhead] or ""
	Repeated bool           // it had been stored before under the same key
	Err      *problem.Error // why it was refused; nil when stored
}

// earliest and latest are the years that a SensorThings time can be written in.
var (
	earliestTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latestTime   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMicro()
)

// check refuses a reading that no datastream could take, and brings the rest into the form that is stored.
func (r *Reading) check(now int64) *problem.Error {
	if r.Time.IsZero() {
		r.Time, r.untimed = fromMicros(now), true
	}
	t := micros(r.Time)
	if t < earliestTime || t > latestTime {
		return problem.New(problem.Invalid, "observation.time.range", "The year %d cannot be stored.", r.Time.UTC().Year()).At("phenomenonTime").
			Do("Give a time between the years 1 and 9999.")
	}
	if t > now+refuseAhead.Microseconds() {
		return problem.New(problem.Invalid, "observation.time.ahead", "The time %s is over a day ahead of the clock.", r.Time.UTC().Format(time.RFC3339)).
			At("phenomenonTime").Do("Set the sensor's clock, or check the offset of the time.")
	}
	if !r.End.IsZero() && r.End.Before(r.Time) {
		return problem.New(problem.Invalid, "observation.time.interval", "The interval ends before it begins.").At("phenomenonTime").
			Do("Write the earlier time first.")
	}
	for _, other := range []time.Time{r.End, r.ResultTime, r.ValidFrom, r.ValidTo} {
		if !other.IsZero() && (micros(other) < earliestTime || micros(other) > latestTime) {
			return problem.New(problem.Invalid, "observation.time.range", "The year %d cannot be stored.", other.UTC().Year()).At("resultTime").
				Do("Give a time between the years 1 and 9999.")
		}
	}
	if p := r.number(); p != nil {
		return p
	}
	for _, field := range []struct {
		name string
		json []byte
	}{{"result", r.Result}, {"resultQuality", r.Quality}, {"parameters", r.Parameters}} {
		if field.json != nil {
			if p := CheckJSON(field.name, field.json); p != nil {
				return p
			}
		}
	}
	if r.Parameters != nil && bytes.TrimSpace(r.Parameters)[0] != '{' {
		return problem.New(problem.Invalid, "observation.parameters", "The parameters are no JSON object.").At("parameters").
			Do(`Write them as {"name": value}.`)
	}
	if !validKey(r.Key) {
		return problem.New(problem.Invalid, "observation.key", "The idempotency key is longer than 200 bytes or not plain text.").
			At("Idempotency-Key").Do("Use a UUID.")
	}
	return nil
}

// validKey reports whether an idempotency key can be stored.
func validKey(key string) bool {
	return len(key) <= 200 && utf8.ValidString(key) && strings.IndexByte(key, 0) < 0
}

// number moves a result that is a JSON number to Value when a float64 holds it exactly.
func (r *Reading) number() *problem.Error {
	if r.Result == nil {
		if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			return problem.New(problem.Invalid, "observation.result", "The result is not a finite number.").At("result").
				Do("Leave the observation out when the sensor measured nothing.")
		}
		return nil
	}
	r.Result = bytes.TrimSpace(r.Result)
	if len(r.Result) == 0 {
		r.Result = nil
		return problem.New(problem.Invalid, "observation.result", "The observation has no result.").At("result").Do("Give a result.")
	}
	if c := r.Result[0]; c != '-' && (c < '0' || c > '9') {
		return nil
	}
	var v float64
	if err := json.Unmarshal(r.Result, &v); err != nil {
		return problem.New(problem.Invalid, "observation.result", "The number %.40s cannot be stored.", r.Result).At("result").
			Do("Give a number that fits in 64 bits, or quote it.").Cause(err)
	}
	if math.Abs(v) > 1<<53 && !bytes.ContainsAny(r.Result, ".eE") {
		return nil // an integer that a float64 would round
	}
	r.Value, r.Result = v, nil
	return nil
}

// plausible refuses a value outside the range of its datastream.
func plausible(value float64, low, high *float64) *problem.Error {
	const code = "observation.range"
	switch {
	case high != nil && value > *high:
		return problem.New(problem.Invalid, code, "The result %g is over %g, the highest that is plausible here.", value, *high).At("result").
			Do("Check the unit (a fraction, not a percentage?) and the sensor.")
	case low != nil && value < *low:
		return problem.New(problem.Invalid, code, "The result %g is under %g, the lowest that is plausible here.", value, *low).At("result").
			Do("Check the unit and the sensor.")
	}
	return nil
}

// fingerprint tells two readings under one key apart.
func (r *Reading) fingerprint(datastream int64) int64 {
	h := fnv.New64a()
	var b [8]byte
	at := micros(r.Time)
	if r.untimed {
		at = 0
	}
	for _, v := range []int64{datastream, at, int64(math.Float64bits(r.Value))} {
		binary.LittleEndian.PutUint64(b[:], uint64(v))
		h.Write(b[:])
	}
	h.Write(r.Result)
	return int64(h.Sum64())
}
