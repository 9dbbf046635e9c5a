package message

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// formats are the ways to print a value. Between a number and its unit stands a
// no-break space (U+00A0). Where a format takes a probability or a share, a float
// is a fraction (0 to 1) and a whole number is parts per million. Where it takes a
// duration, a whole number is seconds.
var formats = map[string]func(p *Printer, v any) (string, error){
	"int":       number(0),       // 1.234
	"dec1":      number(1),       // 1.234,5
	"dec2":      number(2),       // 1.234,50
	"plain":     plainNumber,     // 1234: years, numbers of records in an address
	"word":      word,            // drie; from thirteen in figures
	"pct":       percent,         // 52 %, without decimals
	"euro":      euro(2),         // € 1.234,50, from cents
	"euro0":     euro(0),         // € 1.235, from cents
	"chance":    chance,          // 1 op 25
	"certainty": certaintyWord,   // waarschijnlijk
	"meters":    meters,          // 350 meter, 1,2 km
	"km":        kilometers,      // 214 km, from metres
	"kg":        unit("kg"),      // 1.200 kg
	"liters":    unit("liter"),   // 5.000 liter
	"minutes":   durationMinutes, // 35 minuten
	"hours":     durationHours,   // 24 uur, rounded to the hour
	"dur":       duration,        // 2 uur en 5 minuten
	"bytes":     bytes,           // 1,2 MB
	"date":      moment(date),    // 24 november 2026
	"weekday":   moment(weekday), // dinsdag 24 november; with the year when it is another
	"day":       moment(day),     // vandaag, morgen, gisteren, or as weekday
	"month":     moment(month),   // november 2026
	"short":     moment(short),   // 24 nov
	"time":      moment(hour),    // 14.05 uur
	"clock":     moment(clock),   // 14.05
	"moment":    moment(dayTime), // vandaag om 14.05 uur
	"rel":       moment(rel),     // zojuist, 3 minuten geleden, over 3 minuten
	"list":      list,            // a, b en c
	// With a capital, for the first word of a sentence.
	"Word": capital(word), "Day": capital(moment(day)), "Weekday": capital(moment(weekday)), "Moment": capital(moment(dayTime)),
	"Certainty": capital(certaintyWord), "Rel": capital(moment(rel)),
}

// Format prints a value in one of the formats, as {name:format} in a message does.
func (p *Printer) Format(format string, v any) (string, error) {
	f, ok := formats[format]
	if !ok {
		return "", fmt.Errorf("there is no format %q", format)
	}
	return f(p, v)
}

func (p *Printer) part(part part, v any) (string, error) {
	if part.forms != nil {
		n, ok := whole(v)
		if !ok {
			return "", fmt.Errorf("a %T has no plural", v)
		}
		forms := part.forms
		if len(forms) == 3 {
			if n == 0 {
				return forms[0], nil
			}
			forms = forms[1:]
		}
		if n == 1 {
			return forms[0], nil
		}
		return forms[1], nil
	}
	if part.format != "" {
		return formats[part.format](p, v)
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case fmt.Stringer:
		if _, ok := v.(interface{ Unix() int64 }); !ok {
			return v.String(), nil
		}
	}
	if n, ok := whole(v); ok {
		return p.decimal(float64(n), 0), nil
	}
	return "", fmt.Errorf("a %T needs a format", v)
}

func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int8:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	}
	return 0, false
}

func real(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case float32:
		return float64(v), nil
	}
	if n, ok := whole(v); ok {
		return float64(n), nil
	}
	return 0, fmt.Errorf("a %T is not a number", v)
}

// share reads a fraction from a float or from whole parts per million.
func share(v any) (float64, error) {
	f, err := real(v)
	if _, ok := whole(v); ok {
		f /= 1e6
	}
	return f, err
}

// decimal prints a number with a fixed number of decimals and grouped thousands.
func (p *Printer) decimal(f float64, decimals int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	s := fmt.Sprintf("%.*f", decimals, math.Abs(f))
	intpart, frac, _ := strings.Cut(s, ".")
	group, point := ".", ","
	if p.lang == "en" {
		group, point = ",", "."
	}
	var b strings.Builder
	if f < 0 && strings.Trim(s, "0.") != "" {
		b.WriteString("−")
	}
	for i, r := range intpart {
		if i > 0 && (len(intpart)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	if frac != "" {
		b.WriteString(point + frac)
	}
	return b.String()
}

func number(decimals int) func(*Printer, any) (string, error) {
	return func(p *Printer, v any) (string, error) {
		f, err := real(v)
		return p.decimal(f, decimals), err
	}
}

func plainNumber(_ *Printer, v any) (string, error) {
	n, ok := whole(v)
	if !ok {
		return "", fmt.Errorf("a %T is not a whole number", v)
	}
	return fmt.Sprint(n), nil
}

func word(p *Printer, v any) (string, error) {
	n, ok := whole(v)
	if !ok {
		return "", fmt.Errorf("a %T is not a whole number", v)
	}
	words := []string{"nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"}
	if p.lang == "en" {
		words = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	}
	if n >= 0 && n < int64(len(words)) {
		return words[n], nil
	}
	return p.decimal(float64(n), 0), nil
}

func percent(p *Printer, v any) (string, error) {
	f, err := share(v)
	s := p.decimal(math.Round(f*100), 0)
	if p.lang == "en" {
		return s + "%", err
	}
	return s + "\u00a0%", err
}

func euro(decimals int) func(*Printer, any) (string, error) {
	return func(p *Printer, v any) (string, error) {
		cents, ok := whole(v)
		if !ok {
			return "", fmt.Errorf("a %T is not an amount in whole cents", v)
		}
		s := p.decimal(math.Abs(float64(cents))/100, decimals)
		sign := ""
		if cents < 0 {
			sign = "−"
		}
		if p.lang == "en" {
			return sign + "€" + s, nil
		}
		return "€\u00a0" + sign + s, nil
	}
}

func unit(name string) func(*Printer, any) (string, error) {
	return func(p *Printer, v any) (string, error) {
		f, err := real(v)
		if p.lang == "en" && name == "liter" {
			return p.decimal(f, 0) + "\u00a0litres", err
		}
		return p.decimal(f, 0) + "\u00a0" + name, err
	}
}

func meters(p *Printer, v any) (string, error) {
	f, err := real(v)
	if math.Round(f/10)*10 >= 1000 {
		return p.decimal(f/1000, 1) + "\u00a0km", err
	}
	if f >= 100 {
		f = math.Round(f/10) * 10
	}
	name := "meter"
	if p.lang == "en" {
		name = "metres"
	}
	return p.decimal(f, 0) + "\u00a0" + name, err
}

func kilometers(p *Printer, v any) (string, error) {
	f, err := real(v)
	return p.decimal(f/1000, 0) + "\u00a0km", err
}

func bytes(p *Printer, v any) (string, error) {
	f, err := real(v)
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	i := 0
	for ; f >= 999.5 && i < len(units)-1; i++ {
		f /= 1000
	}
	decimals := 0
	if i > 1 && f < 99.95 {
		decimals = 1
	}
	return p.decimal(f, decimals) + "\u00a0" + units[i], err
}

func list(p *Printer, v any) (string, error) {
	items, ok := v.([]string)
	if !ok {
		return "", fmt.Errorf("a %T is not a list of texts", v)
	}
	and := " en "
	if p.lang == "en" {
		and = " and "
	}
	if len(items) < 2 {
		return strings.Join(items, ""), nil
	}
	last := len(items) - 1
	return strings.Join(slices.Clone(items[:last]), ", ") + and + items[last], nil
}

func capital(f func(*Printer, any) (string, error)) func(*Printer, any) (string, error) {
	return func(p *Printer, v any) (string, error) {
		s, err := f(p, v)
		return UpperFirst(s), err
	}
}

// UpperFirst writes a text with a capital, as where a sentence begins with it.
func UpperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// asDuration reads a duration, or whole seconds.
func asDuration(v any) (time.Duration, error) {
	if d, ok := v.(time.Duration); ok {
		return d, nil
	}
	f, err := real(v)
	return time.Duration(f * float64(time.Second)), err
}
