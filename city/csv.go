package city

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// table is a CSV file (RFC 4180, UTF-8, a header) that is read row by row. The
// order of columns is free; an unknown one is a mistake.
type table struct {
	*report
	file    string
	csv     *csv.Reader
	columns []string
	row     []string
	line    int
}

// readTable reads the header. It returns nil when the columns are not the ones
// wanted, which it reports.
func readTable(r *report, file string, data []byte, columns ...string) *table {
	t := &table{report: r, file: file, csv: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))}
	want := "The first line should be: " + strings.Join(columns, ",")
	header, err := t.csv.Read()
	if err != nil {
		r.wrong(file, 1, "", "csv", want, "The file has no header: %v.", err)
		return nil
	}
	ok := true
	for _, name := range columns {
		if n := count(header, name); n != 1 {
			r.wrong(file, 1, name, "csv_column", want, "The header names this column %d times.", n)
			ok = false
		}
	}
	for _, name := range header {
		if !slices.Contains(columns, name) {
			r.wrong(file, 1, name, "csv_column", want, "This column is not known.")
			ok = false
		}
	}
	if !ok {
		return nil
	}
	t.columns = header
	return t
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// next goes to the next row that has the right number of columns.
func (t *table) next() bool {
	for {
		row, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			line := 0
			if e, ok := errors.AsType[*csv.ParseError](err); ok {
				line, err = e.Line, e.Err
			}
			t.wrong(t.file, line, "", "csv", "Put a text with a comma or a quote in double quotes, and give each row all columns.", "The row cannot be read: %v.", err)
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			return false
		}
		t.row = row
		t.line, _ = t.csv.FieldPos(0)
		return true
	}
}

// bad adds a mistake in the present row.
func (t *table) bad(column, code, way, format string, args ...any) {
	t.wrong(t.file, t.line, column, code, way, format, args...)
}

func (t *table) text(column string) string {
	s := t.row[slices.Index(t.columns, column)]
	if strings.ContainsRune(s, 0) {
		t.bad(column, "value", "Take it out.", "The text holds the character U+0000.")
		return ""
	}
	return strings.TrimSpace(s)
}

// need returns a text that may not be empty.
func (t *table) need(column string) string {
	s := t.text(column)
	if s == "" {
		t.bad(column, "missing", "Fill it in.", "The column is empty.")
	}
	return s
}

// whole returns a whole number between low and high.
func (t *table) whole(column string, low, high int64) int64 {
	s := t.text(column)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < low || n > high {
		t.bad(column, "value", fmt.Sprintf("Write a whole number from %d to %d.", low, high), "%q does not fit.", s)
		return low
	}
	return n
}

// number returns a number between low and high.
func (t *table) number(column string, low, high float64) float64 {
	s := t.text(column)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < low || f > high {
		t.bad(column, "value", fmt.Sprintf("Write a number from %g to %g, with a point for decimals.", low, high), "%q does not fit.", s)
		return low
	}
	return f
}

// unique reports a key that was seen on an earlier row.
func (t *table) unique(seen map[string]int, column, key string) {
	if before, ok := seen[key]; ok && key != "" {
		t.bad(column, "duplicate", "Give each its own.", "%q stands on line %d too.", key, before)
		return
	}
	seen[key] = t.line
}
