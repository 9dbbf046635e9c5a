package web

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"polder.city/internal/chart"
	"polder.city/internal/message"
	"polder.city/web/webtest"
)

// look opens each path in each view, and checks it by axe-core.
func look(t *testing.T, ctx context.Context, s *Site, paths ...string) {
	t.Helper()
	lookIn(t, ctx, s, webtest.Views(), paths...)
}

// lookIn does so in some views.
func lookIn(t *testing.T, ctx context.Context, s *Site, views []webtest.View, paths ...string) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	defer server.CloseClientConnections() // a page that listens keeps one open
	for _, path := range paths {
		for _, v := range views {
			name := strings.Trim(strings.NewReplacer("/", "-", "?", "-").Replace(path), "-")
			if name == "" {
				name = "home"
			}
			name += "-" + v.Name()
			t.Run(name, func(t *testing.T) {
				if err := chromedp.Do(ctx, webtest.Set(v), chromedp.Navigate(server.URL+path), chromedp.WaitReady("main")); err != nil {
					t.Fatal(err)
				}
				webtest.Axe(t, ctx)
				webtest.Overflow(t, ctx)
				webtest.Shot(t, ctx, name)
				if strings.HasPrefix(name, "stijlboek") {
					for _, part := range []string{".head", ".figures", ".beside", "figure.chart:nth-of-type(1)", ".utrecht-table-container", "main form[method]", ".verify"} {
						webtest.ShotOf(t, ctx, name+strings.NewReplacer(".", "-", " ", "", ":", "-").Replace(part), part)
					}
				}
			})
		}
	}
}

func TestPagesKeepTheRulesOfAccessibilityInEveryView(t *testing.T) {
	ctx := webtest.Browser(t)
	// The style guide holds every part in every view; a page of text alone needs a small dark one and a large light one.
	two := webtest.Views()[1:3]
	lookIn(t, ctx, newSite(t, nil), two, "/wat-is-echt", "/en/uitleg", "/bestaat-niet")
	building := newSite(t, func(o *Options) {
		o.Building = func() Building { return Building{Day: 212, Days: 365, Left: 40 * time.Second, Phase: "history"} }
	})
	lookIn(t, ctx, building, two, "/opbouw")
	look(t, ctx, styleguide(t), "/stijlboek")
}

// styleguide is a site with one page more, which shows every part that pages are made of.
func styleguide(t *testing.T) *Site {
	t.Helper()
	s := newSite(t, func(o *Options) { o.Tile = func(z, x, y int) ([]byte, error) { return tile(t, z, x, y), nil } })
	text, err := os.ReadFile("testdata/styleguide.html")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.templates.add("styleguide.html", string(text)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/wijken", "/plannen", "/besluiten", "/algoritmes", "/data", "/zoeken", "/inloggen"} {
		s.page("GET "+path, "styleguide.html", func(r *http.Request) (any, error) { return guide(s.printer(r)), nil })
	}
	s.page("GET /stijlboek", "styleguide.html", func(r *http.Request) (any, error) { return guide(s.printer(r)), nil })
	s.handle("GET /stijlboek.geojson", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/geo+json")
		_, _ = w.Write([]byte(`{"type":"FeatureCollection","features":[
{"type":"Feature","geometry":{"type":"Point","coordinates":[5.215,52.37]},"properties":{"id":"A","name":"FIL-014-R","text":"52 % vol","path":"/uitleg","kind":"square","value":0.52}},
{"type":"Feature","geometry":{"type":"Point","coordinates":[5.235,52.375]},"properties":{"id":"B","name":"FIL-011-G","text":"vol","path":"/uitleg","kind":"circle","value":1.02,"state":"act","word":"vol"}},
{"type":"Feature","geometry":{"type":"Point","coordinates":[5.245,52.362]},"properties":{"id":"C","name":"FIL-002-P","text":"sensor stil","path":"/uitleg","kind":"triangle","value":null}}]}`))
	})
	return s
}

// tile draws a field, a lake and a few streets, in the layers of package basemap.
func tile(t *testing.T, z, x, y int) []byte {
	b := maptile.New(uint32(x), uint32(y), maptile.Zoom(z)).Bound()
	feature := func(g orb.Geometry, props geojson.Properties) *geojson.FeatureCollection {
		f := geojson.NewFeature(g)
		f.Properties = props
		return &geojson.FeatureCollection{Features: []*geojson.Feature{f}}
	}
	lake := orb.Polygon{{{5.205, 52.36}, {5.225, 52.358}, {5.228, 52.368}, {5.21, 52.372}, {5.205, 52.36}}}
	park := orb.Polygon{{{5.235, 52.36}, {5.25, 52.36}, {5.25, 52.37}, {5.235, 52.37}, {5.235, 52.36}}}
	roads := feature(orb.LineString{{5.19, 52.356}, {5.23, 52.374}, {5.27, 52.376}}, geojson.Properties{"class": "primary"})
	for i := range 12 {
		lon := 5.2 + float64(i)*0.005
		f := geojson.NewFeature(orb.LineString{{lon, 52.35}, {lon + 0.004, 52.385}})
		f.Properties = geojson.Properties{"class": map[bool]string{true: "tertiary", false: "residential"}[i%4 == 0]}
		roads.Append(f)
	}
	layers := mvt.NewLayers(map[string]*geojson.FeatureCollection{
		"water": feature(lake, nil), "green": feature(park, nil), "roads": roads,
		"districts": feature(orb.Point{5.232, 52.365}, geojson.Properties{"name": "Filmwijk"}),
	})
	layers.ProjectToTile(maptile.At(b.Center(), maptile.Zoom(z)))
	layers.Clip(mvt.MapboxGLDefaultExtentBound)
	data, err := mvt.MarshalGzipped(layers)
	if err != nil {
		t.Error(err)
	}
	return data
}

func TestTheMapLoadsAndListsWhatIsInView(t *testing.T) {
	ctx := webtest.Browser(t)
	server := httptest.NewServer(styleguide(t))
	defer server.Close()
	defer server.CloseClientConnections() // a page that listens keeps one open
	if err := chromedp.Do(ctx, webtest.Set(webtest.View{Width: 1280, Still: true}), chromedp.Navigate(server.URL+"/stijlboek"),
		chromedp.ScrollIntoView(chromedp.CSS("[data-map]")), chromedp.WaitReady(chromedp.CSS(".map--on [data-map-list] li:nth-child(3)"))); err != nil {
		t.Fatal(err)
	}
	count, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("[data-map-count]")))
	if err != nil || count != "3 van 3 in beeld" {
		t.Errorf("count %q, %v", count, err)
	}
	first, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("[data-map-list] li a")))
	if err != nil || first != "FIL-011-G" {
		t.Errorf("first in the list %q, %v; want the full one", first, err)
	}
	for _, v := range webtest.Views() {
		if err := chromedp.Do(ctx, webtest.Set(v)); err != nil {
			t.Fatal(err)
		}
		webtest.ShotOf(t, ctx, "map-"+v.Name(), "[data-map]")
	}
}

// guide is what the style guide shows.
func guide(p *message.Printer) any {
	now := p.Now()
	fan := chart.Fan{Head: chart.Head{ID: "fan", Title: "Hoe vol, in procenten", Desc: "Nu 52 %."}, Format: "pct", Capacity: 1, CapacityText: "vol"}
	for h := -168; h <= 0; h += 2 {
		v := 0.52 + float64(h)*0.0055 + 0.02*math.Sin(float64(h)/4)
		if h < -90 {
			v += 0.5
		}
		fan.History = append(fan.History, chart.Point{Time: now.Add(time.Duration(h) * time.Hour), Value: v})
	}
	for d := range 15 {
		m, w := 0.52+float64(d)*0.05, 0.03*math.Sqrt(float64(d))
		fan.Forecast = append(fan.Forecast, chart.Band{Time: now.AddDate(0, 0, d), Low90: m - 2*w, Low50: m - w*0.8, Median: m, High50: m + w*0.8, High90: m + 2*w})
	}
	fan.Events = []chart.Event{{Time: now.Add(-90 * time.Hour), Text: "geleegd"}}
	bars := chart.Bars{
		Head: chart.Head{ID: "bars", Title: "Uren op weg", Desc: "Het plan kost 24 uur."}, Format: "int", ValueText: "volgens plan", CompareText: "met het vaste rooster",
		Items: []chart.Bar{{Label: "Uren op weg", Value: 24, Compare: 32, Low: 30, High: 35}, {Label: "Te volle dagen", Value: 3, Compare: 9, Low: 7, High: 11}},
	}
	start := time.Date(2026, 11, 25, 7, 0, 0, 0, p.Location())
	day := chart.Timeline{
		Head: chart.Head{ID: "day", Title: "Drie wagens op woensdag", Desc: "Alle wagens zijn om 15.20 uur terug."}, From: start, To: start.Add(510 * time.Minute),
		Words: [4]string{"rijden", "legen", "lossen", "pauze"},
	}
	for i, name := range []string{"K1", "K2", "K4"} {
		lane := chart.Lane{Name: name, Text: "62 containers"}
		at := start.Add(time.Duration(i*10) * time.Minute)
		for trip := range 3 {
			for k := range 9 {
				lane.Blocks = append(lane.Blocks, chart.Block{Work: chart.Drive, From: at, To: at.Add(6 * time.Minute), Text: "rijden"})
				at = at.Add(6 * time.Minute)
				lane.Blocks = append(lane.Blocks, chart.Block{Work: chart.Serve, From: at, To: at.Add(time.Duration(4+k%4) * time.Minute), Text: "legen"})
				at = at.Add(time.Duration(4+k%4) * time.Minute)
			}
			lane.Blocks = append(lane.Blocks, chart.Block{Work: chart.Unload, From: at, To: at.Add(12 * time.Minute), Text: "lossen"})
			at = at.Add(12 * time.Minute)
			if trip == 1 {
				lane.Blocks = append(lane.Blocks, chart.Block{Work: chart.Break, From: at, To: at.Add(30 * time.Minute), Text: "pauze"})
				at = at.Add(30 * time.Minute)
			}
		}
		day.Lanes = append(day.Lanes, lane)
	}
	areas := chart.Districts{Head: chart.Head{ID: "map", Title: "Hoe vol per wijk", Desc: "Negen wijken."}, Low: "leeg", High: "vol"}
	for i := range 9 {
		x, y := 5.2+float64(i%3)*0.02, 52.3+float64(i/3)*0.008
		areas.Areas = append(areas.Areas, chart.Area{
			Name: "Wijk", Path: "/wijken", Value: float64(i) / 8, Text: "vol",
			Shape: orb.Polygon{{{x, y}, {x + 0.02, y + 0.001}, {x + 0.02, y + 0.008}, {x, y + 0.008}, {x, y}}},
		})
	}
	table := Table{
		Caption: "Laatste ledigingen", Head: []string{"Wanneer", "Wagen", "Aangetroffen"}, Numeric: []bool{false, false, true},
		Rows: [][]any{{"dinsdag 17 november", Cell{Text: "K1", Path: "/plannen"}, "84 %"}, {"dinsdag 10 november", "K2", Cell{Text: "102 %", State: "act"}}},
	}
	form := Form{Values: map[string]string{"name": "", "why": "Omdat"}, Errors: []FieldError{{"name", "Vul je naam in"}}}
	return map[string]any{
		"Figures": []Figure{
			{
				Value: "4 van de 1.500", Label: "containers zijn nu vol.", Compared: "Dinsdag vorige week waren het er 9.", State: "act", Simulated: true, Live: "full",
				About: About{What: "Containers waarvan de laatste meting 95 % of meer is.", Period: "Nu", Formula: "tellen", Source: "metingen", SourcePath: "/data", Download: "/data/fills.csv"},
			},
			{Value: "3 op de 1.000", Label: "containerdagen te vol deze week.", Compared: "Met het vaste rooster ongeveer 9 (berekend, tussen 7 en 11)."},
			{Value: "21 van de 1.040", Label: "sensoren melden niets.", Compared: "Voor die containers schatten we hoe vol ze zijn.", State: "attention"},
		},
		"Fan": Chart{Title: "Hoe vol FIL-014-R is, in procenten", SVG: fan.SVG(p), Table: table}, "Bars": Chart{Title: "Het plan en het vaste rooster", SVG: bars.SVG(p), Table: table, Note: "Berekend met dezelfde wagens."},
		"Timeline": Chart{Title: "Drie wagens op woensdag", SVG: day.SVG(p), Table: table}, "Districts": Chart{Title: "Hoe vol per wijk", SVG: areas.SVG(p), Table: table},
		"Table": table, "Form": form,
		"Name":   Field{Form: form, Name: "name", Label: "Hoe heet je?", Hint: "Je voornaam is genoeg.", Required: true, Autocomplete: "given-name"},
		"Text":   Field{Form: form, Name: "why", Label: "Waarom kies je iets anders?", Type: "textarea"},
		"Map":    Map{Title: "Containers in Filmwijk", Data: "/stijlboek.geojson", Bounds: [4]float64{5.2, 52.355, 5.26, 52.38}, Items: []MapItem{{ID: "A", Name: "FIL-014-R", Path: "/uitleg", Text: "52 % vol", Kind: "square", State: "v3"}}},
		"Verify": Verify{Bundle: "/besluit.json", Key: "polder.city/log+00000000+AAAA", Name: "besluit-1482"},
	}
}
