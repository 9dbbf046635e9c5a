package collection

import (
	"errors"
	"math"

	"github.com/paulmach/orb"
)

// encodeLine writes a line as an encoded polyline, the common format of routing
// services (latitude before longitude), with seven decimals: as exact as the
// street network, so that a stored line can be checked against it point by point.
func encodeLine(line orb.LineString) string {
	b := make([]byte, 0, 8*len(line))
	var lat, lon int64
	for _, p := range line {
		y, x := int64(math.Round(p[1]*1e7)), int64(math.Round(p[0]*1e7))
		b = appendDelta(appendDelta(b, y-lat), x-lon)
		lat, lon = y, x
	}
	return string(b)
}

func appendDelta(b []byte, delta int64) []byte {
	v := uint64(delta<<1) ^ uint64(delta>>63)
	for v >= 0x20 {
		b = append(b, byte(v&0x1f|0x20)+63)
		v >>= 5
	}
	return append(b, byte(v)+63)
}

var errPolyline = errors.New("the encoded line is damaged")

func decodeLine(text string) (orb.LineString, error) {
	var line orb.LineString
	var lat, lon int64
	for i := 0; i < len(text); {
		var delta [2]int64
		for d := range delta {
			var v uint64
			for shift := 0; ; shift += 5 {
				if i == len(text) || text[i] < 63 || shift > 60 {
					return nil, errPolyline
				}
				c := uint64(text[i] - 63)
				i++
				v |= (c & 0x1f) << shift
				if c < 0x20 {
					break
				}
			}
			delta[d] = int64(v>>1) ^ -int64(v&1)
		}
		lat, lon = lat+delta[0], lon+delta[1]
		line = append(line, orb.Point{float64(lon) / 1e7, float64(lat) / 1e7})
	}
	return line, nil
}
