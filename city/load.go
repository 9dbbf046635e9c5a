package city

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
)

//go:embed almere
var embedded embed.FS

// Names returns the cities that Polder carries with it.
func Names() []string { return []string{"almere"} }

// Folder returns the city folder with a name that Polder carries, or at a path.
func Folder(nameOrPath string) (fs.FS, error) {
	if slices.Contains(Names(), nameOrPath) {
		return fs.Sub(embedded, nameOrPath)
	}
	info, err := os.Stat(nameOrPath)
	if err != nil || !info.IsDir() {
		return nil, problem.New(problem.NotFound, "city.folder", "There is no city %q.", nameOrPath).
			Do("Name one that is built in (%s) or the path of a city folder, as ./stad.", strings.Join(Names(), ", ")).Cause(err)
	}
	return os.DirFS(nameOrPath), nil
}

// Open reads the city with a name that Polder carries, or in a folder. A folder
// with mistakes gives an error that joins a *problem.Error for each.
func Open(nameOrPath string) (*City, error) {
	fsys, err := Folder(nameOrPath)
	if err != nil {
		return nil, err
	}
	c, problems := Load(fsys)
	if len(problems) > 0 {
		all := make([]error, len(problems))
		for i, p := range problems {
			all[i] = p
		}
		return nil, fmt.Errorf("city %s: %w", nameOrPath, errors.Join(all...))
	}
	return c, nil
}

// profile is city.yaml.
type profile struct {
	Code         string    `yaml:"code"`
	Name         string    `yaml:"name"`
	Organisation string    `yaml:"organisation"`
	Languages    []string  `yaml:"languages"`
	TimeZone     string    `yaml:"time_zone"`
	Simulated    bool      `yaml:"simulated"`
	Notice       Text      `yaml:"notice"`
	Origin       string    `yaml:"origin"`
	Centre       orb.Point `yaml:"centre"`
	MarginMeters float64   `yaml:"margin_meters"`
	Contact      Contact   `yaml:"contact"`
	Attribution  []string  `yaml:"attribution"`
	Holidays     []string  `yaml:"holidays"`
}

// loader reads one folder, file after file; later files are checked against earlier ones.
type loader struct {
	report
	fsys fs.FS
	city *City
}

// Load reads a city folder and reports every mistake in it, in order of file and
// line. The city is whole only when there are none.
func Load(fsys fs.FS) (*City, []*problem.Error) {
	l := &loader{fsys: fsys, city: &City{FS: fsys, Location: time.UTC}}
	l.profile()
	l.districts()
	l.streams()
	l.city.buildFinder()
	l.fleet()
	l.landscape()
	l.containers()
	l.schedule()
	l.things()
	l.instances()
	l.simulation()
	l.foreign()
	slices.SortStableFunc(l.problems, func(a, b *problem.Error) int {
		return cmp.Or(compareWhere(a.Where, b.Where), strings.Compare(a.Where, b.Where), strings.Compare(a.Message, b.Message))
	})
	return l.city, l.problems
}

// read returns a file's bytes; a missing file is a mistake unless it is optional.
func (l *loader) read(file string, optional bool) ([]byte, bool) {
	data, err := fs.ReadFile(l.fsys, file)
	if errors.Is(err, fs.ErrNotExist) && optional {
		return nil, false
	}
	if err != nil {
		what, way := "The file cannot be read.", "Check who may read it."
		if errors.Is(err, fs.ErrNotExist) {
			what, way = "The file is not there.", "Every city folder has one; copy it from city/almere and change what is yours."
		}
		l.wrong(file, 0, "", "file", way, "%s", what)
		return nil, false
	}
	return data, true
}

func (l *loader) profile() {
	const file = "city.yaml"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	var p profile
	d := readYAML(&l.report, file, data, &p)
	d.need("", map[string]string{"code": p.Code, "name": p.Name, "organisation": p.Organisation, "time_zone": p.TimeZone, "origin": p.Origin})
	d.need("contact", map[string]string{"name": p.Contact.Name, "email": p.Contact.Email, "website": p.Contact.Website})
	if len(p.Languages) == 0 {
		d.wrongAt("languages", "missing", "Write a list such as [nl, en]; the first is the one that binds.", "languages is missing.")
	}
	loc, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		d.wrongAt("time_zone", "value", `Write a name of the IANA list, as "Europe/Amsterdam".`, "%q is no time zone.", p.TimeZone)
		loc = time.UTC
	}
	if p.Simulated {
		d.needText("notice", p.Notice, p.Languages)
		if !strings.HasPrefix(p.Origin, "demo") {
			d.wrongAt("origin", "value", "Let a simulated city's origin begin with demo.", "The origin %q could be taken for a real log.", p.Origin)
		}
	}
	if !onEarth(p.Centre) || p.Centre == (orb.Point{}) {
		d.wrongAt("centre", "value", "Write it as [longitude, latitude].", "The centre is no place on earth.")
	}
	if p.MarginMeters < 0 || p.MarginMeters > 10_000 {
		d.wrongAt("margin_meters", "value", "Write a number from 0 to 10000; 500 is usual.", "The margin is %g metres.", p.MarginMeters)
	}
	for i, rule := range p.Holidays {
		if _, err := time.Parse("01-02", rule); err != nil && rule != "nl" {
			d.wrongAt(fmt.Sprintf("holidays[%d]", i), "value", `Write "nl" for the Dutch public holidays, or a day of each year as "08-15".`, "%q is no rule for holidays.", rule)
		}
	}
	fsys := l.city.FS
	*l.city = City{
		Code: p.Code, Name: p.Name, Organisation: p.Organisation, Languages: p.Languages, Location: loc, Simulated: p.Simulated,
		Notice: p.Notice, Origin: p.Origin, Centre: p.Centre, MarginMeters: p.MarginMeters, Contact: p.Contact,
		Attribution: p.Attribution, Holidays: p.Holidays, FS: fsys,
	}
}

// foreign checks that the files are there that other packages parse.
func (l *loader) foreign() {
	l.read("rules.yaml", false)
	entries, err := fs.Glob(l.fsys, "register/*.yaml")
	if err != nil || len(entries) == 0 {
		l.wrong("register", 0, "", "file", "Copy register/ from city/almere: without a published entry no algorithm may decide or advise.", "There is no register entry.")
	}
	for _, lang := range l.city.Languages {
		l.read(path.Join("messages", lang+".yaml"), true)
	}
}

func onEarth(p orb.Point) bool {
	return p.Lon() >= -180 && p.Lon() <= 180 && p.Lat() >= -90 && p.Lat() <= 90
}

// compareWhere orders "file:line field" by file, then by line as a number.
func compareWhere(a, b string) int {
	fileA, lineA := splitWhere(a)
	fileB, lineB := splitWhere(b)
	if c := strings.Compare(fileA, fileB); c != 0 {
		return c
	}
	return lineA - lineB
}

func splitWhere(where string) (file string, line int) {
	file, rest, _ := strings.Cut(where, ":")
	_, _ = fmt.Sscanf(rest, "%d", &line) // no line: 0, the start of the file
	return file, line
}
