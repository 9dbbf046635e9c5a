package fleet

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestADrawingShowsRoutesStopsAndWhatIsLeft(t *testing.T) {
	p := lineProblem()
	s := lineSolution(t, p)
	var b strings.Builder
	if err := WriteSVG(&b, p, s); err == nil {
		t.Error("places are drawn that nobody has given")
	}
	for i := range p.Locations {
		p.Coordinates = append(p.Coordinates, [2]float64{float64(i), float64(i) / 2})
	}
	p.Stops[3].Name = "<D & co>"
	if err := WriteSVG(&b, p, s); err != nil {
		t.Fatal(err)
	}
	shapes := map[string]int{}
	var titles []string
	for decoder := xml.NewDecoder(strings.NewReader(b.String())); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, b.String())
		}
		switch token := token.(type) {
		case xml.StartElement:
			shapes[token.Name.Local]++
		case xml.CharData:
			titles = append(titles, string(token))
		}
	}
	if shapes["polyline"] != 1 || shapes["circle"] != 4 || shapes["path"] != 2 {
		t.Errorf("the shapes are %v", shapes)
	}
	if !slices.Contains(titles, "stop <D & co>, not served") || !slices.Contains(titles, "truck K1") {
		t.Errorf("the titles are %q", titles)
	}
	// East is right and north is up: the facility is at the top right corner.
	if !strings.Contains(b.String(), "20.0,500.0") || !strings.Contains(b.String(), "980.0,20.0") {
		t.Errorf("the depot or the facility is not in its corner: %s", b.String())
	}
	if err := WriteSVG(broken{}, p, s); err == nil {
		t.Error("what cannot be written is no error")
	}
}

// broken cannot be written to.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
