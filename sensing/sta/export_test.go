package sta

import (
	"context"
	"strings"
)

// Question returns what a request for a set asks of the database.
func (a *API) Question(ctx context.Context, target string) (sql string, args []any, err error) {
	path, query, _ := strings.Cut(target, "?")
	at, err := a.m.parsePath(path)
	if err != nil {
		return "", nil, err
	}
	e, _ := at.last()
	o, err := parseQuery(e, query)
	if err != nil {
		return "", nil, err
	}
	in, _, _, err := a.resolve(ctx, at)
	if err != nil {
		return "", nil, err
	}
	ask, err := a.ask(ctx, a.db.Read(), e, in, o)
	if err != nil {
		return "", nil, err
	}
	return ask.sql, ask.args, nil
}
