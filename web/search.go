package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"polder.city/internal/problem"
)

// found is one thing that a search found.
type found struct{ Path, Name, Text, Kind string }

// searchPage shows what was found; one thing is gone to at once.
type searchPage struct {
	Query  string
	Groups []foundGroup
	More   string // path of the whole list, when there is more
}

type foundGroup struct {
	Title string
	Found []found
}

// foundShown is how many of a group are shown.
const foundShown = 15

// search looks for a district, a place, an address, a container or the number of a decision.
func (r *residents) search(q *http.Request) (any, error) {
	ctx := q.Context()
	text := strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(q.URL.Query().Get("q"), ""), "\x00", "")), " ")
	page := &searchPage{Query: text}
	if text == "" {
		return page, nil
	}
	st, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	if i, ok := st.index[strings.ToUpper(text)]; ok {
		return nil, seeOther("/containers/" + st.containers[i].ID)
	}
	if number, err := strconv.ParseInt(strings.ReplaceAll(text, ".", ""), 10, 64); err == nil && r.door("/besluiten") {
		switch _, err := r.d.Gate.Get(ctx, number); {
		case err == nil:
			return nil, seeOther("/besluiten/" + strconv.FormatInt(number, 10))
		case problem.KindOf(err) != problem.NotFound:
			return nil, err
		}
	}
	if day, err := r.d.Collection.ParseDay(text); err == nil {
		return nil, seeOther("/plannen/" + day.Format("2006-01-02"))
	}
	var districts, places, containers []found
	for _, d := range r.d.City.Districts {
		if strings.EqualFold(d.Name, text) || strings.EqualFold(d.Abbr, text) || d.Code == text {
			return nil, seeOther("/wijken/" + d.Code)
		}
		if holds(text, d.Name) {
			districts = append(districts, found{Path: "/wijken/" + d.Code, Name: d.Name, Text: d.Part})
		}
	}
	for i, k := range st.containers {
		name, shape := r.stream(p, k.Stream)
		one := found{Path: "/containers/" + k.ID, Name: k.ID, Text: name + ": " + st.fills[i].short(p), Kind: shape}
		switch {
		case holds(text, k.Address):
			one.Text = k.Address + ", " + one.Text
			places = append(places, one)
		case holds(text, k.ID, k.Place):
			containers = append(containers, one)
		}
	}
	for _, g := range []foundGroup{{p.T("search.districts"), districts}, {p.T("search.places"), places}, {p.T("search.containers"), containers}} {
		if len(g.Found) > foundShown {
			g.Found, page.More = g.Found[:foundShown], "/containers?zoek="+url.QueryEscape(text)
		}
		if len(g.Found) > 0 {
			page.Groups = append(page.Groups, g)
		}
	}
	if all := slices.Concat(districts, places, containers); len(all) == 1 {
		return nil, seeOther(all[0].Path)
	}
	return page, nil
}
