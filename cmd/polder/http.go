package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"polder.city/account"
	"polder.city/basemap"
	"polder.city/city"
	"polder.city/internal/message"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/sensing/sta"
	"polder.city/web"
)

// handlerOptions are what the demo shows otherwise.
type handlerOptions struct {
	building func() web.Building
	demo     []string // who may sign in, and how; only in the demo
}

// handler puts all doors together.
func (a *app) handler(o handlerOptions) (http.Handler, error) {
	messages, err := messagesOf(a.city)
	if err != nil {
		return nil, err
	}
	options := web.Options{
		Messages: messages, Clock: a.clock, Location: a.city.Location, City: a.city.Name, Version: version(), Log: a.log,
		Building: o.building, Checkpoint: a.checkpointAt,
		Domains: &web.Domains{
			City: a.city, Collection: a.collection, Gate: a.gate, Register: a.register, Log: a.tlog, Sensing: a.sensing,
			Accounts: a.accounts, Sessions: a.accounts.Sessions(strings.HasPrefix(a.folder.Address, "https://")), DemoSignIn: o.demo, Bus: a.bus,
		},
	}
	if streets, err := a.collection.Streets(context.Background()); err == nil {
		options.Tile = basemap.New(streets.Network, mapDistricts(a.city)).Tile
		options.Drawn, options.OSM = streets.Network.Simulated, !streets.Network.Simulated
	} else if problem.KindOf(err) != problem.NotFound {
		return nil, err
	}
	site, err := web.New(options)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", site)
	mux.Handle("/v1.1/", sta.New(a.db, a.sensing, writers{a.accounts}, a.clock, sta.Options{Log: a.log}))
	mux.Handle("/log/", http.StripPrefix("/log", a.tlog.Handler()))
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	return mux, nil
}

// healthz answers while the process lives.
func (a *app) healthz(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n")) // the client has gone: nobody is left to tell
}

// readyz answers whether this node can serve: its database takes reads and writes.
func (a *app) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.db.Healthy(ctx); err != nil {
		if problem.KindOf(err) == problem.Unavailable { // it says itself what is wrong and what to do
			problem.WriteJSON(w, err)
			return
		}
		problem.WriteJSON(w, problem.New(problem.Unavailable, "not_ready", "The database does not answer.").Cause(err))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// writers lets programs with an importer's key write observations, and nobody else.
type writers struct{ accounts *account.Accounts }

// MayWrite implements sensing.Authorizer.
func (w writers) MayWrite(r *http.Request, _ string) error {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return problem.New(problem.Forbidden, "key.missing", "Writing needs an API key.").
			At("Authorization").Do("Send the header 'Authorization: Bearer KEY'; make a key with 'polder account key'.")
	}
	_, role, err := w.accounts.ByKey(r.Context(), key)
	if err != nil {
		return err
	}
	if role != account.Importer && role != account.Administrator {
		return problem.New(problem.Forbidden, "key.role", "This key may not write observations.").At("Authorization").Do("Use an importer's key.")
	}
	return nil
}

var _ sensing.Authorizer = writers{}

// checkpointAt is when the log was last signed.
func (a *app) checkpointAt(ctx context.Context) time.Time {
	status, err := a.tlog.Status(ctx)
	if err != nil {
		return time.Time{}
	}
	return status.CheckpointAt
}

// messagesOf loads the catalogue, with the city's own words over it.
func messagesOf(c *city.City) (*message.Catalogue, error) {
	overrides, err := messageOverrides(c.FS)
	if err != nil {
		return nil, err
	}
	return message.Load(overrides...)
}

// cityThings are the city's things that are no containers, after their templates.
func cityThings(c *city.City) []sensing.ThingSpec {
	lang := c.Languages[0]
	var specs []sensing.ThingSpec
	for _, x := range c.Instances {
		template, ok := c.Thing(x.Template)
		if !ok {
			continue
		}
		spec := sensing.ThingSpec{
			Key: x.ID, Kind: x.Template, Name: x.Name, Description: template.Description[lang],
			Properties: map[string]any{"owner": template.Owner}, Location: sensing.LocationSpec{Name: x.Name, Point: x.Point},
		}
		for name, value := range x.Properties {
			spec.Properties[name] = value
		}
		if d, ok := c.DistrictNear(x.Point, collectionMargin); ok {
			spec.District = d.Code
		}
		for _, s := range template.Datastreams {
			var low, high *float64
			if s.Min < s.Max { // a truth has no range
				low, high = &s.Min, &s.Max
			}
			spec.Datastreams = append(spec.Datastreams, sensing.DatastreamSpec{
				Key: x.ID + "/" + s.ID, Kind: s.ID, Name: s.Name[lang], Description: s.ObservedProperty.Description,
				ObservedProperty: sensing.PropertySpec{Name: s.ObservedProperty.Name, Definition: s.ObservedProperty.Definition, Description: s.ObservedProperty.Description},
				Sensor:           sensing.SensorSpec{Name: s.Sensor.Name, Description: s.Sensor.Description, Metadata: s.Sensor.Metadata},
				Unit:             sensing.Unit{Name: s.Unit.Name, Symbol: s.Unit.Symbol, Definition: s.Unit.Definition}, Low: low, High: high,
				ObservationType: observationType(s.ObservationType),
			})
		}
		specs = append(specs, spec)
	}
	slices.SortFunc(specs, func(a, b sensing.ThingSpec) int { return strings.Compare(a.Key, b.Key) })
	return specs
}

// observationType is the standard's name of a template's kind of observation.
func observationType(kind string) string {
	switch kind {
	case "count":
		return sensing.Count
	case "category":
		return sensing.Category
	case "truth":
		return sensing.Truth
	default:
		return sensing.Measurement
	}
}

// collectionMargin is how far outside a district a thing may stand, in metres.
const collectionMargin = 500

// mapDistricts are the districts as the map draws them.
func mapDistricts(c *city.City) []basemap.District {
	districts := make([]basemap.District, len(c.Districts))
	for i, d := range c.Districts {
		districts[i] = basemap.District{Code: d.Code, Name: d.Name, Polygon: d.Polygon}
	}
	return districts
}
