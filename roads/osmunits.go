package roads

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// limit returns the lowest of several limits, 0 when none is given. What cannot
// be read is counted and does not limit.
func (r *tagReader) limit(read func(string) (uint16, bool), keys ...string) uint16 {
	lowest := uint16(0)
	for _, key := range keys {
		for value := range strings.SplitSeq(r.tags.Get(key), ";") {
			if value = strings.TrimSpace(value); value == "" {
				continue
			}
			v, ok := read(value)
			if !ok {
				r.counts.UnreadableNumbers++
			}
			if v > 0 && (lowest == 0 || v < lowest) {
				lowest = v
			}
		}
	}
	return lowest
}

// duration returns the seconds that a ferry takes, from values as "00:20", "1:10:30", "20"
// (minutes) and "PT20M"; 0 when none is given or it cannot be read.
func (r *tagReader) duration() uint32 {
	text := strings.TrimSpace(r.tags.Get("duration"))
	if text == "" {
		return 0
	}
	seconds, ok := clockTime(text)
	if iso, is := strings.CutPrefix(strings.ToUpper(text), "PT"); is {
		d, err := time.ParseDuration(strings.ToLower(iso))
		seconds, ok = d.Seconds(), err == nil
	}
	if !ok || !(seconds >= 1 && seconds <= longest.Seconds()) {
		r.counts.UnreadableNumbers++
		return 0
	}
	return uint32(seconds)
}

// clockTime reads hours, minutes and seconds with colons between; a single number is minutes.
func clockTime(text string) (seconds float64, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return 0, false
	}
	for i, unit := 0, 3600.0; i < len(parts); i, unit = i+1, unit/60 {
		v, rest, ok := number(parts[i])
		if !ok || rest != "" {
			return 0, false
		}
		if len(parts) == 1 {
			unit = 60
		}
		seconds += v * unit
	}
	return seconds, true
}

// speedLimit returns the signed limit in km/h, 0 when there is none.
func (r *tagReader) speedLimit() uint8 {
	for _, keys := range [...][]string{{"maxspeed"}, {"maxspeed:forward", "maxspeed:backward"}, {"maxspeed:type", "source:maxspeed", "zone:maxspeed"}} {
		if v := r.limit(speed, keys...); v > 0 {
			return uint8(min(v, 255))
		}
	}
	return 0
}

// speed reads km/h from values as "50", "30 mph", "NL:urban" and "walk".
func speed(s string) (uint16, bool) {
	switch s {
	case "none", "signals", "variable", "sign", "markings", "implicit":
		return 0, true
	case "walk":
		return 15, true
	}
	if _, zone, found := strings.Cut(s, ":"); found {
		zone = strings.TrimPrefix(strings.TrimPrefix(zone, "zone:"), "zone")
		switch zone {
		case "urban":
			return 50, true
		case "rural":
			return 80, true
		case "living_street", "walk":
			return 15, true
		case "bicycle_road":
			return 30, true
		case "trunk", "motorway":
			return 0, true // more than a truck may drive
		}
		s = zone
	}
	v, unit, ok := number(s)
	if !ok {
		return 0, false
	}
	switch unit {
	case "", "km/h", "kmh", "kph":
	case "mph":
		v *= 1.609344
	case "knots":
		v *= 1.852
	default:
		return 0, false
	}
	if v < 1 || v > 300 {
		return 0, false
	}
	return uint16(math.Round(v)), true
}

// unlimited says whether a value means that there is no limit beyond the law's.
func unlimited(s string) bool {
	switch s {
	case "none", "no", "unsigned", "default", "below_default", "no_sign", "no_indications":
		return true
	}
	return false
}

// weight reads units of 100 kg from values as "7.5", "3500 kg" and "16000 lbs".
func weight(s string) (uint16, bool) {
	if unlimited(s) {
		return 0, true
	}
	v, unit, ok := number(s)
	if !ok {
		return 0, false
	}
	switch unit {
	case "", "t", "to", "mt":
		v *= 10
	case "kg":
		v /= 100
	case "lbs", "lb":
		v *= 0.45359237 / 100
	case "st":
		v *= 9.0718474
	case "lt":
		v *= 10.160469088
	case "cwt":
		v *= 0.45359237
	default:
		return 0, false
	}
	return rounded(v)
}

// size reads centimetres from values as "3.8", "4 m", "380 cm" and 12'6".
func size(s string) (uint16, bool) {
	if unlimited(s) {
		return 0, true
	}
	if feet, inches, found := strings.Cut(s, "'"); found {
		f, _, ok := number(feet)
		inches = strings.TrimSpace(strings.TrimRight(inches, `"'`))
		if inches == "" {
			inches = "0"
		}
		i, _, okInches := number(inches)
		if !ok || !okInches {
			return 0, false
		}
		return rounded(f*30.48 + i*2.54)
	}
	v, unit, ok := number(s)
	if !ok {
		return 0, false
	}
	switch unit {
	case "", "m":
		v *= 100
	case "cm":
	case "ft", "feet":
		v *= 30.48
	case `"`, "in":
		v *= 2.54
	default:
		return 0, false
	}
	return rounded(v)
}

// rounded rounds a limit down, so that nothing too large passes; never to 0,
// which would be no limit.
func rounded(v float64) (uint16, bool) {
	v = math.Floor(v + 1e-6)
	if v < 0 || v > math.MaxUint16 {
		return 0, false
	}
	return uint16(max(1, v)), true
}

// number splits a value in a number (a comma counts as a point) and its unit.
func number(s string) (v float64, unit string, ok bool) {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || s[end] == ',') {
		end++
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(s[:end], ",", "."), 64)
	return v, strings.ToLower(strings.TrimSpace(s[end:])), err == nil
}
