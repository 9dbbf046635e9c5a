package web

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/paulmach/orb/geojson"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/forecast"
	"polder.city/internal/problem"
	"polder.city/sensing"
)

// dataset is something that anybody may download.
type dataset struct {
	ID     string
	Format string // CSV, GeoJSON or JSON
	Path   string
	Open   bool
	write  func(w http.ResponseWriter, r *http.Request, d *Domains) error
}

// datasets are what Polder gives away, in the order of the page. Those without write are closed; the page says why.
func datasets() []dataset {
	return []dataset{
		{ID: "containers", Format: "CSV", Open: true, write: writeContainers},
		{ID: "containerkaart", Format: "GeoJSON", Open: true, Path: "/containers.geojson"},
		{ID: "voorspelling", Format: "CSV", Open: true, write: writeForecasts},
		{ID: "plan", Format: "CSV", Open: true, Path: "/plannen/volgende/plan.csv"},
		{ID: "ritten", Format: "GeoJSON", Open: true, Path: "/plannen/volgende/routes.geojson"},
		{ID: "plannen", Format: "JSON", Open: true, write: writePlans},
		{ID: "besluiten", Format: "CSV", Open: true, write: writeDecisions},
		{ID: "register", Format: "JSON", Open: true, write: writeRegister},
		{ID: "wijken", Format: "GeoJSON", Open: true, write: writeDistricts},
		{ID: "meetpunten", Format: "CSV", Open: true, write: writeThings},
		{ID: "meldingen", Format: "CSV", Open: true, write: writeReporting},
		{ID: "metingen", Format: "SensorThings", Open: true, Path: "/v1.1"},
		{ID: "logboek", Format: "C2SP", Open: true, Path: "/log/checkpoint"},
		{ID: "berichten", Open: false},
	}
}

// dataPages registers the catalogue and its downloads.
func (s *Site) dataPages(d *Domains) {
	s.page("GET /data", "data.html", func(*http.Request) (any, error) { return datasets(), nil })
	s.page("GET /data/{id}", "dataset.html", func(r *http.Request) (any, error) { return findDataset(r.PathValue("id")) })
	s.handle("GET /data/{id}/download", func(w http.ResponseWriter, r *http.Request) {
		set, err := findDataset(r.PathValue("id"))
		if err == nil && set.write == nil {
			err = problem.New(problem.Forbidden, "data.closed", "This data set cannot be downloaded here.")
		}
		if err == nil {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Content-Disposition", "attachment; filename="+set.ID+extension[set.Format])
			err = set.write(w, r, d)
		}
		if err != nil {
			w.Header().Del("Content-Disposition")
			problem.WriteJSON(w, err)
		}
	})
}

var extension = map[string]string{"CSV": ".csv", "GeoJSON": ".geojson", "JSON": ".json"}

// Download returns the path of the data, "" when it is closed.
func (d dataset) Download() string {
	switch {
	case !d.Open:
		return ""
	case d.Path != "":
		return d.Path
	default:
		return "/data/" + d.ID + "/download"
	}
}

func findDataset(id string) (dataset, error) {
	for _, set := range datasets() {
		if set.ID == id {
			return set, nil
		}
	}
	return dataset{}, problem.New(problem.NotFound, "data.none", "There is no data set %q.", id)
}

func writeCSV(w http.ResponseWriter, rows [][]string) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	return csv.NewWriter(w).WriteAll(rows)
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

func writeContainers(w http.ResponseWriter, r *http.Request, d *Domains) error {
	all, err := d.Collection.Containers(r.Context())
	if err != nil {
		return err
	}
	latest, err := d.Sensing.LatestOf(r.Context(), collection.ContainerKind, collection.FillKind)
	if err != nil {
		return err
	}
	rows := [][]string{{"id", "stream", "lon", "lat", "volume_l", "place", "address", "district", "fill", "measured_at"}}
	for _, c := range all {
		row := []string{
			c.ID, c.Stream, strconv.FormatFloat(c.Point[0], 'f', 6, 64), strconv.FormatFloat(c.Point[1], 'f', 6, 64),
			strconv.Itoa(c.VolumeLitres), c.Place, c.Address, c.District, "", "",
		}
		if o, ok := latest[collection.SeriesKey(c.ID, collection.FillKind)]; ok {
			row[8], row[9] = strconv.FormatFloat(o.Value, 'f', 3, 64), o.Time.Format(time.RFC3339)
		}
		rows = append(rows, row)
	}
	return writeCSV(w, rows)
}

// writeForecasts answers with the quantiles of how full each container will be at the ends of the next days, if it is not emptied.
func writeForecasts(w http.ResponseWriter, r *http.Request, d *Domains) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	out := csv.NewWriter(w)
	head := []string{"container", "made_at", "day"}
	for _, p := range forecast.Levels() {
		head = append(head, "q"+strconv.FormatFloat(p, 'f', -1, 64))
	}
	if err := out.Write(append(head, "chance_full")); err != nil {
		return err
	}
	share := func(ppm int64) string { return strconv.FormatFloat(float64(ppm)/1e6, 'f', 4, 64) }
	err := d.Collection.Forecasts(r.Context(), func(f collection.FillForecast) error {
		for _, day := range f.Days {
			row := []string{f.Container, f.MadeAt.Format(time.RFC3339), day.Day}
			for _, q := range day.Q {
				row = append(row, share(q))
			}
			if err := out.Write(append(row, share(day.ChanceFull))); err != nil {
				return err
			}
		}
		return nil
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

func writePlans(w http.ResponseWriter, r *http.Request, d *Domains) error {
	plans, err := d.Collection.Plans(r.Context(), "9999-12-31", 60)
	if err != nil {
		return err
	}
	type row struct {
		Day      string    `json:"day"`
		Version  int64     `json:"version"`
		State    string    `json:"state"`
		Cause    string    `json:"cause"`
		MadeAt   time.Time `json:"madeAt"`
		Decision int64     `json:"decision,omitempty"`
	}
	rows := []row{}
	for _, p := range plans {
		rows = append(rows, row{p.Day, p.Version, string(p.State), p.Cause, p.MadeAt, p.Decision})
	}
	return writeJSON(w, rows)
}

func writeDecisions(w http.ResponseWriter, r *http.Request, d *Domains) error {
	rows := [][]string{{"number", "kind", "subject", "decided_at", "act", "algorithm", "version", "role", "mandate", "replaces", "replaced_by", "simulated"}}
	for before := int64(0); ; {
		list, err := d.Gate.List(r.Context(), decision.Filter{Before: before, Limit: 500})
		if err != nil {
			return err
		}
		for _, x := range list {
			rows = append(rows, []string{
				strconv.FormatInt(x.Number, 10), x.Kind, x.Subject, x.DecidedAt.Format(time.RFC3339), x.Act, x.Algorithm, x.Version, x.Role, x.Mandate,
				strconv.FormatInt(x.Replaces, 10), strconv.FormatInt(x.ReplacedBy, 10), strconv.FormatBool(x.Simulated),
			})
			before = x.Number
		}
		if len(list) < 500 || len(rows) > 100_000 {
			return writeCSV(w, rows)
		}
	}
}

func writeRegister(w http.ResponseWriter, r *http.Request, d *Domains) error {
	entries, err := d.Register.Entries(r.Context(), "nl")
	if err != nil {
		return err
	}
	documents := []json.RawMessage{}
	for _, e := range entries {
		documents = append(documents, e.Document)
	}
	return writeJSON(w, documents)
}

func writeDistricts(w http.ResponseWriter, _ *http.Request, d *Domains) error {
	fc := geojson.NewFeatureCollection()
	for _, x := range d.City.Districts {
		f := geojson.NewFeature(x.Polygon)
		f.Properties = geojson.Properties{"code": x.Code, "name": x.Name, "part": x.Part, "abbr": x.Abbr}
		fc.Append(f)
	}
	w.Header().Set("Content-Type", "application/geo+json")
	return json.NewEncoder(w).Encode(fc)
}

func writeThings(w http.ResponseWriter, r *http.Request, d *Domains) error {
	rows := [][]string{{"key", "kind", "name", "district", "lon", "lat"}}
	for i := range d.City.Things {
		things, err := d.Sensing.Things(r.Context(), sensing.ThingFilter{Kind: d.City.Things[i].ID, Limit: 100_000})
		if err != nil {
			return err
		}
		for _, t := range things {
			rows = append(rows, []string{t.Key, t.Kind, t.Name, t.District, strconv.FormatFloat(t.Point[0], 'f', 6, 64), strconv.FormatFloat(t.Point[1], 'f', 6, 64)})
		}
	}
	return writeCSV(w, rows)
}
