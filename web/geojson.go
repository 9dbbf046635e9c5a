package web

import (
	"fmt"
	"math"
	"net/http"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/internal/message"
)

// pointFeature is a point with the properties that the map's script reads: see [Map].
func pointFeature(p orb.Point, properties geojson.Properties) *geojson.Feature {
	f := geojson.NewFeature(orb.Point{degrees(p[0]), degrees(p[1])})
	f.Properties = properties
	return f
}

func lineFeature(line orb.LineString, properties geojson.Properties) *geojson.Feature {
	rounded := make(orb.LineString, len(line))
	for i, p := range line {
		rounded[i] = orb.Point{degrees(p[0]), degrees(p[1])}
	}
	f := geojson.NewFeature(rounded)
	f.Properties = properties
	return f
}

// degrees rounds to a ten-thousandth of a thousandth of a degree: a metre or less.
func degrees(x float64) float64 { return math.Round(x*1e5) / 1e5 }

// writeGeoJSON answers with a feature collection that may be kept for some seconds.
func (s *Site) writeGeoJSON(w http.ResponseWriter, r *http.Request, features []*geojson.Feature, seconds int) {
	body, err := (&geojson.FeatureCollection{Features: features}).MarshalJSON()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeGeoJSONBody(w, r, body, seconds)
}

func writeGeoJSONBody(w http.ResponseWriter, r *http.Request, body []byte, seconds int) {
	h := w.Header()
	h.Set("Content-Type", "application/geo+json")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", seconds))
	tag := etag(body)
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
}

// mapContainers answers what maps draw of the containers, in the language of ?lang=, of one district with ?wijk=.
func (r *residents) mapContainers(w http.ResponseWriter, q *http.Request) {
	st, err := r.now(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	p := r.printer(withLanguage(q, q.URL.Query().Get("lang")))
	district := q.URL.Query().Get("wijk")
	key := p.Lang() + "/" + district
	body, ok := r.maps.get(st, key)
	if !ok {
		var features []*geojson.Feature
		for i := range st.containers {
			if district == "" || st.containers[i].District == district {
				features = append(features, r.mapFeature(p, st, i))
			}
		}
		if district != "" {
			things, err := r.things(q.Context(), p, district)
			if err != nil {
				r.fail(w, q, err)
				return
			}
			for _, t := range things {
				features = append(features, t.feature())
			}
		}
		if body, err = (&geojson.FeatureCollection{Features: features}).MarshalJSON(); err != nil {
			r.fail(w, q, err)
			return
		}
		r.maps.put(st, key, body)
	}
	writeGeoJSONBody(w, q, body, 5)
}

// mapCache keeps what maps were given of one state of the city.
type mapCache struct {
	mu     sync.Mutex
	of     *state            // guarded by mu
	bodies map[string][]byte // by language and district; guarded by mu
}

func (c *mapCache) get(st *state, key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != st {
		return nil, false
	}
	body, ok := c.bodies[key]
	return body, ok
}

func (c *mapCache) put(st *state, key string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != st {
		c.of, c.bodies = st, map[string][]byte{}
	}
	c.bodies[key] = body
}

// mapFeature is a container as a map draws it.
func (r *residents) mapFeature(p *message.Printer, st *state, i int) *geojson.Feature {
	k, f := st.containers[i], st.fills[i]
	name, shape := r.stream(p, k.Stream)
	properties := geojson.Properties{
		"id": k.ID, "name": k.ID, "text": name + ": " + f.short(p), "path": p.Path("/containers/" + k.ID), "kind": shape, "value": nil,
	}
	if f.known {
		properties["value"] = math.Round(f.value*100) / 100
	}
	if s := f.mapState(); s != "" {
		properties["state"] = s
	}
	if f.full() {
		properties["word"] = p.T("fill.word")
	}
	return pointFeature(k.Point, properties)
}

// mapItem is a container in the list beside a map.
func (r *residents) mapItem(p *message.Printer, st *state, i int) MapItem {
	k, f := st.containers[i], st.fills[i]
	name, shape := r.stream(p, k.Stream)
	return MapItem{ID: k.ID, Name: k.ID, Path: "/containers/" + k.ID, Text: name + ": " + f.short(p), Kind: shape, State: f.listState()}
}
