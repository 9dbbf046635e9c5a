package roads

import (
	"strings"
	"testing"

	"polder.city/roads/pbf"
)

// tagged reads "key=value key=value"; ~ is a space in a value.
func tagged(s string) *tagReader {
	r := &tagReader{counts: &ImportCounts{}}
	for pair := range strings.FieldsSeq(s) {
		k, v, _ := strings.Cut(pair, "=")
		r.tags = append(r.tags, pbf.Tag{Key: k, Value: strings.ReplaceAll(v, "~", " ")})
	}
	return r
}

// letters writes an access as c t b y f (bicYcle) and d.
func letters(a Access) string {
	var b strings.Builder
	for i, c := range "ctbyfd" {
		if a&(1<<i) != 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func TestTagsSayWhoMayDriveInWhichDirection(t *testing.T) {
	for tags, want := range map[string]string{
		"highway=residential":                                               "residential ctbyf ctbyf",
		"highway=motorway":                                                  "motorway ctb ",
		"highway=motorway oneway=no":                                        "motorway ctb ctb",
		"highway=trunk motorroad=yes":                                       "trunk ctb ctb",
		"highway=residential oneway=yes":                                    "residential ctbyf f",
		"highway=residential oneway=-1":                                     "residential f ctbyf",
		"highway=residential oneway=yes oneway:bicycle=no":                  "residential ctbyf yf",
		"highway=residential oneway=yes cycleway=opposite_lane":             "residential ctbyf yf",
		"highway=residential oneway=yes oneway:bus=no":                      "residential ctbyf bf",
		"highway=residential oneway=yes oneway:psv=no":                      "residential ctbyf bf",
		"highway=residential oneway=yes busway=opposite_lane":               "residential ctbyf bf",
		"highway=residential oneway=reversible":                             "residential f f",
		"highway=residential oneway=alternating":                            "residential ctbyf ctbyf",
		"highway=tertiary junction=roundabout":                              "tertiary ctbyf f",
		"highway=residential access=no bus=yes":                             "residential b b",
		"highway=residential access=private":                                "residential ctbyf ctbyf ctbyf",
		"highway=service motor_vehicle=private bicycle=yes oneway=yes":      "service ctbyf f ctb",
		"highway=service access=private hgv=yes":                            "service ctbyf ctbyf cbyf",
		"highway=residential motor_vehicle=no":                              "residential yf yf",
		"highway=residential motor_vehicle=no hgv=yes":                      "residential tyf tyf",
		"highway=residential vehicle=no bicycle=yes":                        "residential yf yf",
		"highway=residential hgv=no":                                        "residential cbyf cbyf",
		"highway=residential hgv=destination":                               "residential ctbyfd ctbyfd",
		"highway=residential motor_vehicle=destination":                     "residential ctbyfd ctbyfd",
		"highway=residential motor_vehicle=destination hgv=no":              "residential cbyf cbyf",
		"highway=residential access=destination hgv=yes":                    "residential ctbyf ctbyf",
		"highway=residential goods=no":                                      "residential ctbyf ctbyf",
		"highway=residential hgv:backward=no":                               "residential ctbyf cbyf",
		"highway=residential motor_vehicle:forward=delivery":                "residential ctbyfd ctbyf",
		"highway=residential access=agricultural":                           "residential  ",
		"highway=residential access=unknown":                                "residential ctbyf ctbyf",
		"highway=residential hgv=discouraged":                               "residential ctbyf ctbyf",
		"highway=busway":                                                    "busway b b",
		"highway=busway hgv=yes":                                            "busway tb tb",
		"highway=pedestrian":                                                "pedestrian f f",
		"highway=pedestrian motor_vehicle=delivery":                         "pedestrian ctbfd ctbfd",
		"highway=cycleway":                                                  "cycleway yf yf",
		"highway=path":                                                      "footway yf yf",
		"highway=steps":                                                     "footway f f",
		"highway=road":                                                      "unclassified ctbyf ctbyf",
		"route=ferry":                                                       "ferry yf yf",
		"route=ferry motor_vehicle=yes":                                     "ferry ctbyf ctbyf",
		"highway=construction":                                              "unknown  ",
		"highway=pedestrian area=yes":                                       "unknown  ",
		"building=yes":                                                      "unknown  ",
		"highway=track motor_vehicle=agricultural":                          "track yf yf",
		"highway=service oneway=yes oneway:motor_vehicle=no oneway:hgv=yes": "service ctbyf cbf",
	} {
		w, ok := tagged(tags).way()
		got := w.Class.String() + " " + letters(w.Forward) + " " + letters(w.Backward)
		if w.Private != 0 {
			got += " " + letters(w.Private)
		}
		if got != want || ok == (w.Class == ClassUnknown) {
			t.Errorf("%s: %q, want %q", tags, got, want)
		}
	}
}

func TestTagsSayWhatABarrierStops(t *testing.T) {
	for tags, want := range map[string]string{
		"barrier=bollard":                         "yf",
		"barrier=bollard bollard=rising":          "",
		"barrier=bollard bus=yes":                 "byf",
		"barrier=bollard motor_vehicle=yes":       "",
		"barrier=lift_gate":                       "",
		"barrier=lift_gate access=no bus=yes":     "b",
		"barrier=gate":                            "",
		"barrier=gate locked=yes":                 "f",
		"barrier=gate access=private":             "none",
		"barrier=gate access=destination":         "",
		"barrier=swing_gate motor_vehicle=no":     "yf",
		"barrier=bus_trap":                        "byf",
		"barrier=stile":                           "f",
		"barrier=kerb":                            "",
		"barrier=no":                              "",
		"barrier=toll_booth":                      "",
		"barrier=height_restrictor maxheight=2.5": "ctbyf",
		"highway=crossing":                        "",
	} {
		b, ok := tagged(tags).barrier()
		got := ""
		if ok {
			if got = letters(b.Passes); got == "" {
				got = "none"
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", tags, got, want)
		}
	}
}

func TestLimitsAreReadWithTheirUnits(t *testing.T) {
	for tags, want := range map[string]int{
		"maxweight=7.5":                            75,
		"maxweight=7,5":                            75,
		"maxweight=7.5~t":                          75,
		"maxweight=3500~kg":                        35,
		"maxweight=16000~lbs":                      72,
		"maxweight=10~st":                          90,
		"maxweight=none":                           0,
		"maxweight=0":                              1,
		"maxweight=20;7.5":                         75,
		"maxweight=20 maxweight:hgv=12":            120,
		"maxweight=20 maxweightrating=3.5":         35,
		"maxweight=heavy":                          -1,
		"maxweight=99999":                          -1,
		"maxheight=3.8":                            380,
		"maxheight=3.8~m":                          380,
		"maxheight=380~cm":                         380,
		"maxheight=12'6\"":                         381,
		"maxheight=12'":                            365,
		"maxheight=10~ft":                          304,
		"maxheight=default":                        0,
		"maxheight=below_default":                  0,
		"maxheight=4 maxheight:physical=3.9":       390,
		"maxheight='":                              -1,
		"maxwidth=2.2":                             220,
		"maxwidth=86~in":                           218,
		"maxspeed=50":                              50,
		"maxspeed=50~km/h":                         50,
		"maxspeed=30~mph":                          48,
		"maxspeed=NL:urban":                        50,
		"maxspeed=NL:rural":                        80,
		"maxspeed=NL:zone30":                       30,
		"maxspeed=DE:zone:20":                      20,
		"maxspeed=NL:motorway":                     0,
		"maxspeed=walk":                            15,
		"maxspeed=none":                            0,
		"maxspeed=80;50":                           50,
		"maxspeed=fast":                            -1,
		"maxspeed=1e3":                             -1,
		"source:maxspeed=CH:urban":                 50,
		"maxspeed:forward=60 maxspeed:backward=30": 30,
	} {
		r := tagged("highway=service " + tags)
		w, _ := r.way()
		got := int(w.MaxWeight) + int(w.MaxHeight) + int(w.MaxWidth) + int(w.MaxSpeed)
		if r.counts.UnreadableNumbers > 0 {
			got = -1
		}
		if got != want {
			t.Errorf("%s: %d, want %d", tags, got, want)
		}
	}
}

func FuzzLimits(f *testing.F) {
	for _, s := range []string{"7.5 t", "12'6\"", "NL:zone30", "30 mph", ";", "1.1.1", "'", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, read := range map[string]func(string) (uint16, bool){"speed": speed, "weight": weight, "size": size} {
			if v, ok := read(s); !ok && v != 0 {
				t.Errorf("%s %q: %d and not readable", name, s, v)
			}
		}
	})
}
