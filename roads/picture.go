package roads

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// pictureWidth is the width of a picture in pixels.
const pictureWidth = 1000

// SVG draws lines on the streets around them, as a picture of 1,000 pixels wide. It draws
// nothing for geometries that are no lines.
func SVG(n *Network, lines ...orb.Geometry) []byte {
	box := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, l := range lines {
		if b := l.Bound(); !b.IsEmpty() {
			box = box.Union(b)
		}
	}
	if box.IsEmpty() {
		for _, p := range n.Nodes {
			box = box.Extend(p)
		}
	}
	narrow := math.Cos(box.Center()[1] * math.Pi / 180) // a degree east beside a degree north
	pad := 0.05 * max((box.Max[0]-box.Min[0])*narrow, box.Max[1]-box.Min[1], 0.002)
	box = orb.Bound{Min: orb.Point{box.Min[0] - pad/narrow, box.Min[1] - pad}, Max: orb.Point{box.Max[0] + pad/narrow, box.Max[1] + pad}}
	scale := pictureWidth / ((box.Max[0] - box.Min[0]) * narrow)
	var b bytes.Buffer
	draw := func(points []orb.Point) {
		b.WriteString(`<polyline points="`)
		for _, p := range points {
			fmt.Fprintf(&b, "%.1f,%.1f ", (p[0]-box.Min[0])*narrow*scale, (box.Max[1]-p[1])*scale)
		}
		b.WriteString(`"/>` + "\n")
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%.0[2]f" viewBox="0 0 %[1]d %.0[2]f" overflow="hidden" fill="none" stroke-linecap="round" stroke-linejoin="round">`+"\n", pictureWidth, (box.Max[1]-box.Min[1])*scale)
	b.WriteString(`<rect width="100%" height="100%" fill="#fbfaf6"/>` + "\n" + `<g stroke="#b9b7ad" stroke-width="1">` + "\n")
	var points []orb.Point
	for i := range n.Ways {
		points = points[:0]
		seen := false
		for _, v := range n.Ways[i].Nodes {
			points = append(points, n.Nodes[v])
			seen = seen || box.Contains(n.Nodes[v])
		}
		if seen {
			draw(points)
		}
	}
	b.WriteString("</g>\n" + `<g stroke="#0b5d76" stroke-width="4">` + "\n")
	for _, l := range lines {
		switch l := l.(type) {
		case orb.LineString:
			draw(l)
		case orb.MultiLineString:
			for _, part := range l {
				draw(part)
			}
		}
	}
	fmt.Fprintf(&b, "</g>\n"+`<text x="8" y="%.0f" fill="#444" stroke="none" font-family="sans-serif" font-size="12">%s</text>`+"\n</svg>\n",
		(box.Max[1]-box.Min[1])*scale-8, escapeXML(n.Source))
	return b.Bytes()
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes all
	return b.String()
}
