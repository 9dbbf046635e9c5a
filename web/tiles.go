package web

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// maxZoom is the deepest tile that is made; maps enlarge it beyond.
const maxZoom = 16

// tile answers /tiles/{z}/{x}/{y}.mvt. A tile without anything in it is 204, as MapLibre expects.
func (s *Site) tile(w http.ResponseWriter, r *http.Request) {
	z, errZ := strconv.Atoi(r.PathValue("z"))
	x, errX := strconv.Atoi(r.PathValue("x"))
	name, isMVT := strings.CutSuffix(r.PathValue("y"), ".mvt")
	y, errY := strconv.Atoi(name)
	if s.opts.Tile == nil || errZ != nil || errX != nil || errY != nil || !isMVT ||
		z < 0 || z > maxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		http.NotFound(w, r)
		return
	}
	data, err := s.opts.Tile(z, x, y)
	if err != nil {
		s.opts.Log.Error("tile", "z", z, "x", x, "y", y, "error", err)
		http.Error(w, "the tile could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	if len(data) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
	tag := etag(data)
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		h.Set("Content-Encoding", "gzip")
	}
	_, _ = w.Write(data) // the client has gone: nobody is left to tell
}
