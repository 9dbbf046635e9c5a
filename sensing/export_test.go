package sensing

// Query is a statement with arguments, to explain.
type Query struct {
	SQL  string
	Args []any
}

// DayQueries returns what Range asks for one day of one datastream.
func DayQueries() []Query {
	day := int64(24 * 3600 * 1e6)
	return []Query{
		{SQL: seriesQuery, Args: []any{int64(3)}},
		{SQL: dayQuery, Args: []any{int64(3), 20780*day - 1, int64(1) << 62, 20781 * day, 4096}},
		{SQL: valueQuery, Args: []any{int64(3), 20780*day - 1, int64(1) << 62, 20781 * day, 4096}},
	}
}
