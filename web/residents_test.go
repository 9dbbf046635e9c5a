package web

import (
	"encoding/json"
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/message"
	"polder.city/sensing"
	"polder.city/web/webtest"
)

// residentPaths are pages of the test city, one of each kind.
var residentPaths = []string{
	"/", "/wijken", "/wijken/LI03", "/wijken/LI01", "/zoeken", "/zoeken?q=werf", "/zoeken?q=niets%20daarvan",
	"/containers", "/containers?vol=full&soort=rest", "/containers/VAD-002-R", "/containers/VAD-003-R", "/containers/VAD-001-P",
	"/containers/VAD-002-R/melden", "/containers/VAD-002-R/melden?soort=complaint",
	"/plannen", "/plannen/2026-11-24", "/plannen/2026-11-25", "/plannen/2026-11-25/1", "/plannen/2026-11-28", "/plannen/2026-12-01", "/plannen/2026-11-24/1/ritlijst/T1",
}

// words returns what a reader sees of a page: its main part without tags, white space as one space.
func words(page string) string {
	if i := strings.Index(page, "<main"); i >= 0 {
		page = page[i:]
	}
	if i := strings.Index(page, "</main>"); i >= 0 {
		page = page[:i]
	}
	page = regexp.MustCompile(`(?s)<svg.*?</svg>`).ReplaceAllString(page, " ")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	page = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "\u00a0", " ").Replace(page)
	return strings.Join(strings.Fields(page), " ")
}

func TestEveryPageOfResidentsIsThereInBothLanguages(t *testing.T) {
	c := newCity(t)
	for _, path := range residentPaths {
		for _, prefix := range []string{"", "/en"} {
			at := prefix + path
			if path == "/" && prefix != "" {
				at = prefix
			}
			w := get(c.Site, at)
			body := w.Body.String()
			if w.Code != http.StatusOK {
				t.Errorf("%s: status %d", at, w.Code)
			}
			for _, bad := range []string{"⟦", "NaN", "%!", "<no value>", "0001"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s shows %q", at, bad)
				}
			}
			if w.Body.Len() > 100_000 {
				t.Errorf("%s weighs %d bytes", at, w.Body.Len())
			}
		}
	}
}

func TestTheHomePageTellsOfTomorrowAndOfNow(t *testing.T) {
	c := newCity(t)
	text := words(get(c.Site, "/").Body.String())
	plan, err := c.d.Collection.PlanOf(t.Context(), "2026-11-25")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Morgen legen we " + strconv.FormatInt(plan.Measures[collection.MeasureStops], 10) + " van de 30 ondergrondse containers",
		"Dit is een voorlopig plan", "Nu vol: ", "van de 30", "Dinsdag 17 november", "containerdagen", "Met het vaste rooster verwachten we",
		"1 van de 27 sensoren", "Heb je een eigen container aan huis?", "Het plan voor vandaag staat vast",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	c.clock.Forward(noon.AddDate(0, 0, 3)) // Friday: the next working day is not tomorrow
	if _, err := c.d.Collection.Preview(t.Context(), collection.Request{Day: c.d.Collection.NextWorkday(c.d.Collection.Today())}); err != nil {
		t.Fatal(err)
	}
	if text := words(get(c.Site, "/").Body.String()); !strings.Contains(text, "Maandag 30 november legen we") {
		t.Errorf("on Friday: %s", text)
	}
}

func TestAContainersPageAnswersInTheOrderOfTheQuestions(t *testing.T) {
	c := newCity(t)
	text := words(get(c.Site, "/containers/VAD-002-R").Body.String())
	at := 0
	for _, want := range []string{
		"VAD-002-R is nu vol (", "Je kunt je afval hier nu niet kwijt.", "Gebruik VAD-", "minuten lopen", "Bron: sensor, vandaag om 12.00 uur", "Zekerheid",
		"Waarom legen we hem morgen?", "De kans dat hij vol is voordat we weer kunnen komen", "We komen morgen tussen", "naar verwachting",
		"Hoe liep hij vol", "De laatste keren", "Wat had dit veranderd?", "Was hij toen minder dan", "Wie besliste dit?", "Inzamelplan maken",
		"Wat kun je doen?", "Meld: vol, kapot of vies", "Vraag een medewerker", "Dien een klacht in", "geen besluit volgens de wet",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("no %q after %q", want, text[at:])
		}
		at += i
	}
	silent := words(get(c.Site, "/containers/VAD-003-R").Body.String())
	for _, want := range []string{"naar schatting", "De laatste meting was", "zondag 22 november om 12.00 uur", "Waarom legen we hem morgen"} {
		if !strings.Contains(silent, want) {
			t.Errorf("no %q in %s", want, silent)
		}
	}
	if english := words(get(c.Site, "/en/containers/VAD-002-R").Body.String()); !strings.Contains(english, "besluit") || !strings.Contains(english, "Why do we empty it tomorrow?") {
		t.Errorf("in English: %s", english)
	}
}

func TestADecidedPlanLeadsToItsDecisionAndProof(t *testing.T) {
	c := newCity(t)
	c.clock.Forward(noon.Add(4 * time.Hour))
	result, err := c.d.Collection.Decide(t.Context(), collection.Request{Day: c.d.Collection.NextWorkday(c.d.Collection.Today()), Cause: collection.CauseAfternoon})
	if err != nil {
		t.Fatal(err)
	}
	if result.Ruling.Verdict != decision.Decided {
		t.Fatalf("verdict %s, over %v", result.Ruling.Verdict, result.Ruling.Exceeded)
	}
	if err := c.log.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	number := strconv.FormatInt(result.Ruling.Number, 10)
	body := get(c.Site, "/containers/VAD-002-R").Body.String()
	part := "/besluiten/" + number + "/deel/VAD-002-R.json"
	for _, want := range []string{`href="` + part + `"`, `href="/besluiten/` + number + `"`, `href="/algoritmes/inzamelplan"`, "Het mag dit zelf beslissen"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if w := get(c.Site, part); w.Code != http.StatusOK {
		t.Errorf("%s: %d", part, w.Code)
	}
	text := words(get(c.Site, "/plannen/2026-11-25").Body.String())
	if !strings.Contains(text, "Morgen legen we") || !strings.Contains(text, "Dit plan geldt") || !strings.Contains(text, "Wat is er anders dan in versie 1?") {
		t.Errorf("the plan's page: %s", text)
	}
	if before := words(get(c.Site, "/plannen/2026-11-25/1").Body.String()); !strings.Contains(before, "voorlopig plan") || !strings.Contains(before, "Versie 2") {
		t.Errorf("the preview's page: %s", before)
	}
}

// reasonCodes reads the constants Reason… of package collection.
func reasonCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "collection", "plan.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") || len(spec.Values) != 1 {
			return true
		}
		if code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value); err == nil {
			codes = append(codes, code)
		}
		return true
	})
	return codes
}

func TestEveryReasonHasASentenceInEachLanguage(t *testing.T) {
	cat, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	codes := reasonCodes(t)
	if len(codes) < 12 {
		t.Fatalf("only %d codes: %v", len(codes), codes)
	}
	// Which way each reason goes; those that a container must be emptied for are told, too, when it does not fit.
	both := []string{collection.ReasonFull, collection.ReasonHygiene, collection.ReasonReport, collection.ReasonSilent, collection.ReasonNoSensor, collection.ReasonPinned, collection.ReasonMoved}
	left := []string{collection.ReasonRoom, collection.ReasonCapacity, collection.ReasonUnreached, collection.ReasonNoService, collection.ReasonForbidden, collection.ReasonOut}
	for _, lang := range message.Languages() {
		p := cat.Printer(lang, time.UTC).At(noon)
		for _, code := range codes {
			for _, planned := range []bool{true, false} {
				if !slices.Contains(both, code) && planned == slices.Contains(left, code) {
					continue
				}
				o := &collection.Outcome{Planned: planned, ChanceFull: 300_000, FillThen: 800_000, FillLow: 600_000, FillHigh: 850_000, DetourAlone: 540, ThresholdNow: 700_000}
				text := reasonText(p, collection.Reason{Code: code, Number: 7}, o, "gft", noon)
				if strings.Contains(text, "⟦") || text == p.T("reason.other") {
					t.Errorf("%s, %s, planned %v: %s", lang, code, planned, text)
				}
				o.Reasons = []collection.Reason{{Code: code}}
				if short := reasonShort(p, o); short == p.T("reason.short.other") {
					t.Errorf("%s: no short words for %s", lang, code)
				}
				if strings.Contains(whatIf(p, o, noon), "⟦") {
					t.Errorf("%s: what if, %s", lang, code)
				}
			}
		}
	}
}

func TestTheReasonsReadAsTheExamples(t *testing.T) {
	cat, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := cat.Printer("nl", time.UTC).At(noon)
	o := &collection.Outcome{ChanceFull: 4_000}
	got := reasonText(p, collection.Reason{Code: collection.ReasonRoom}, o, "glas", noon)
	if want := "Omdat hij dan nog plaats heeft. De kans dat hij vol raakt voordat we weer kunnen komen, is kleiner dan 1\u00a0op\u00a0100."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	o = &collection.Outcome{Planned: true, FillThen: 300_000, DetourAlone: 540}
	got = reasonText(p, collection.Reason{Code: collection.ReasonHygiene, Number: 7}, o, "gft", noon)
	if want := "Omdat gft nooit langer dan 7 dagen blijft staan. Hij is dan naar verwachting 30\u00a0% vol."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	got = reasonText(p, collection.Reason{Code: collection.ReasonOnRoute, Number: 180}, o, "gft", noon)
	if want := "Omdat de wagen er toch langskomt. Hij kon nog wachten, maar nu kost het 3\u00a0minuten in plaats van 9\u00a0minuten."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSearchGoesToTheOneThingThatFits(t *testing.T) {
	c := newCity(t)
	for query, want := range map[string]string{
		"vad-002-r": "/containers/VAD-002-R", "Vaduz": "/wijken/LI03", "1": "/besluiten/1", "2026-11-25": "/plannen/2026-11-25", "Werfstraat 59": "",
		"balz": "/wijken/LI01",
	} {
		w := get(c.Site, "/zoeken?q="+url.QueryEscape(query))
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q goes to %q, want %q", query, got, want)
		}
	}
	if w := get(c.Site, "/en/zoeken?q=VAD-002-R"); w.Header().Get("Location") != "/en/containers/VAD-002-R" {
		t.Errorf("in English to %q", w.Header().Get("Location"))
	}
	if w := get(c.Site, "/zoeken?q=%00%ff%3Cscript%3E"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("odd text: %d", w.Code)
	}
}

func TestTheDownloadsAreWhatTheySay(t *testing.T) {
	c := newCity(t)
	for _, path := range []string{"/containers.geojson", "/kaart/containers.geojson?lang=en", "/kaart/containers.geojson?wijk=LI03", "/plannen/2026-11-24/1/routes.geojson"} {
		w := get(c.Site, path)
		var fc struct {
			Type     string
			Features []struct {
				Geometry   struct{ Type string }
				Properties map[string]any
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &fc); err != nil || fc.Type != "FeatureCollection" || len(fc.Features) < 10 {
			t.Errorf("%s: %v, %d features", path, err, len(fc.Features))
		}
	}
	if w := get(c.Site, "/containers.csv?soort=rest"); strings.Count(w.Body.String(), "\n") != 16 || !strings.HasPrefix(w.Body.String(), "id,stream,") {
		t.Errorf("CSV: %s", w.Body)
	}
	if w := get(c.Site, "/plannen/2026-11-24/1/plan.csv"); strings.Count(w.Body.String(), "\n") != 31 {
		t.Errorf("plan as CSV: %s", w.Body)
	}
	var feed struct {
		Entries []struct {
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	w := get(c.Site, "/wijken/LI03/feed.atom")
	if err := xml.Unmarshal(w.Body.Bytes(), &feed); err != nil || len(feed.Entries) != 1 || !strings.Contains(feed.Entries[0].Title, "in Vaduz") {
		t.Errorf("feed: %v %s", err, w.Body)
	}
}

func TestWhatIsNotThereIsSaidSo(t *testing.T) {
	c := newCity(t)
	for _, path := range []string{
		"/containers/X", "/wijken/X", "/plannen/gisteren", "/plannen/2026-11-24/99", "/plannen/2026-11-24/x", "/plannen/2026-11-24/1/ritlijst/T9", "/containers/X/melden", "/meldingen/x", "/c/X",
	} {
		if w := get(c.Site, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if text := words(get(c.Site, "/plannen/2026-11-28").Body.String()); !strings.Contains(text, "rijden er geen wagens. De volgende werkdag is maandag 30 november") {
		t.Errorf("Saturday: %s", text)
	}
	if text := words(get(c.Site, "/plannen/2026-12-01").Body.String()); !strings.Contains(text, "maken we maandag 30 november om 16.00 uur") {
		t.Errorf("a day ahead: %s", text)
	}
}

func TestNewObservationsReachOpenPages(t *testing.T) {
	c := newCity(t)
	before, err := c.residents.now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listening := &listener{keys: map[string]bool{"happening": true, "home:full": true}, prefix: livePrefix, waiting: map[string]Value{}, wake: make(chan struct{}, 1)}
	c.live.add(listening)
	c.clock.Forward(noon.Add(time.Minute))
	results, err := c.d.Sensing.Observe(t.Context(), []sensing.Reading{
		{DatastreamKey: collection.SeriesKey("VAD-013-P", collection.FillKind), Time: noon.Add(time.Minute), Value: 0.97},
		{DatastreamKey: collection.SeriesKey("VAD-004-R", collection.EmptyingKind), Time: noon.Add(time.Minute), Value: 0.8},
	})
	if err != nil || results[0].Err != nil || results[1].Err != nil {
		t.Fatal(err, results)
	}
	after, err := c.residents.now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.residents.sendChanges(before, after)
	got := map[string]string{}
	p := c.printerIn("nl")
	for _, v := range listening.take() {
		got[v.Key] = v.Text(p)
	}
	if !strings.Contains(got["fill:VAD-013-P"], "97") || !strings.Contains(got["fill:VAD-004-R"], "geleegd") || got["home:full"] == "" || !strings.Contains(got["happening"], "VAD-0") {
		t.Errorf("sent: %q", got)
	}
}

func TestTheHeadOfAContainersPageIsAsItWas(t *testing.T) {
	c := newCity(t)
	for _, id := range []string{"VAD-003-R", "VAD-009-P"} {
		text := words(get(c.Site, "/containers/"+id).Body.String())
		if i := strings.Index(text, " Hoe liep hij vol"); i >= 0 {
			text = text[:i]
		}
		file := filepath.Join("testdata", "container-"+id+".txt")
		if os.Getenv("POLDER_UPDATE") != "" {
			if err := os.WriteFile(file, []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text+"\n" != string(want) {
			t.Errorf("%s differs from %s; read it, then run with POLDER_UPDATE=1\n%s", id, file, text)
		}
	}
}

func TestResidentsPagesKeepTheRulesOfAccessibility(t *testing.T) {
	c := newCity(t)
	ctx := webtest.Browser(t)
	look(t, ctx, c.Site, "/", "/containers/VAD-002-R", "/plannen/2026-11-25")
}

// A city is more than containers: a bridge that opens and a car park that fills up are told of.
func TestTheHomePageTellsOfABridgeAndACarPark(t *testing.T) {
	c := newCity(t)
	almere, err := city.Open("almere")
	if err != nil {
		t.Fatal(err)
	}
	var specs []sensing.ThingSpec
	for id, template := range map[string]string{"brug-1": "bridge", "brug-2": "bridge", "garage-1": "car_park", "garage-2": "car_park"} {
		thing, ok := almere.Thing(template)
		if !ok {
			t.Fatalf("Almere has no %s", template)
		}
		x := city.Instance{ID: id, Template: template, Name: "De " + id, Properties: map[string]string{"capacity": "400"}}
		c.d.City.Instances = append(c.d.City.Instances, x)
		if !slices.ContainsFunc(c.d.City.Things, func(t city.ThingTemplate) bool { return t.ID == template }) {
			c.d.City.Things = append(c.d.City.Things, *thing)
		}
		spec := sensing.ThingSpec{Key: id, Kind: template, Name: x.Name, Location: sensing.LocationSpec{Name: x.Name, Point: orb.Point{9.5, 47.14}}}
		for _, s := range thing.Datastreams {
			spec.Datastreams = append(spec.Datastreams, sensing.DatastreamSpec{Key: id + "/" + s.ID, Kind: s.ID, Name: s.ID})
		}
		specs = append(specs, spec)
	}
	if _, err := c.d.Sensing.EnsureThings(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	results, err := c.d.Sensing.Observe(t.Context(), []sensing.Reading{
		{DatastreamKey: "brug-1/open", Time: at(-3), Value: 1},
		{DatastreamKey: "brug-2/open", Time: at(-9), Value: 1},
		{DatastreamKey: "brug-2/open", Time: at(-2), Value: 0},
		{DatastreamKey: "garage-1/occupied", Time: at(-1), Value: 348},
		{DatastreamKey: "garage-2/occupied", Time: at(-1), Value: 339},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	text := words(get(c.Site, "/").Body.String())
	for _, want := range []string{"De brug-1 is open.", "De brug-2 is weer dicht.", "De garage-1 is 87 % vol. Er zijn nog 52 plaatsen vrij."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(text, "garage-2") {
		t.Error("a car park with room is told of")
	}
	c.clock.Forward(at(45))
	if text := words(get(c.Site, "/").Body.String()); strings.Contains(text, "De brug-1 is open.") {
		t.Error("an opening of 48 minutes ago is told as happening now")
	}
}

func TestAPlanOfAPastDayIsToldInThePast(t *testing.T) {
	tc := newCity(t)
	if got := words(get(tc.Site, "/plannen/2026-11-24").Body.String()); !strings.Contains(got, "Vandaag legen we") {
		t.Errorf("today: %.300s", got)
	}
	tc.clock.Forward(noon.AddDate(0, 0, 1))
	if got := words(get(tc.Site, "/plannen/2026-11-24").Body.String()); !strings.Contains(got, "in het plan") || !strings.Contains(got, "volgens het plan") || strings.Contains(got, "legen we ") {
		t.Errorf("a day later: %.300s", got)
	}
}
