package tlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"polder.city/internal/problem"
)

// Handler serves the log as C2SP tlog-tiles has it: "/checkpoint",
// "/tile/<L>/<N>[.p/<W>]" and "/tile/entries/<N>[.p/<W>]"; logs that ended are served
// the same under "/earlier/<ID>". Mount it with [http.StripPrefix]. Only what the published checkpoint covers is served.
func (l *Log) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*") // anybody's page may verify
		w.Header().Set("X-Content-Type-Options", "nosniff")
		body, kind, err := l.resource(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			if problem.KindOf(err) == problem.Internal && r.Context().Err() == nil {
				l.log.Error("serving the log", "path", r.URL.Path, "error", err)
			}
			problem.WriteJSON(w, err)
			return
		}
		w.Header().Set("Content-Type", kind)
		if kind == checkpointType {
			w.Header().Set("Cache-Control", "no-cache")
		} else {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		_, _ = w.Write(body) // the client has gone: nobody is left to tell
	})
}

const (
	checkpointType = "text/plain; charset=utf-8"
	tileType       = "application/octet-stream"
)

// resource returns what is served at path, with its media type.
func (l *Log) resource(ctx context.Context, path string) (body []byte, kind string, err error) {
	missing := problem.New(problem.NotFound, "log.path", "The log has nothing at this address.").At(path)
	var h head
	if rest, ok := strings.CutPrefix(path, "earlier/"); ok {
		id, sub, _ := strings.Cut(rest, "/")
		n, parseErr := strconv.ParseInt(id, 10, 64)
		if parseErr != nil || strconv.FormatInt(n, 10) != id {
			return nil, "", missing
		}
		path = sub
		h, err = scanHead(l.db.Read().QueryRowContext(ctx, `SELECT `+headColumns+` FROM log WHERE id = $1`, n))
	} else {
		h, err = newest(ctx, l.db.Read())
	}
	if errors.Is(err, errNoLog) || (err == nil && h.checkpoint == nil) {
		return nil, "", missing
	}
	if err != nil {
		return nil, "", err
	}
	if path == "checkpoint" {
		return h.checkpoint, checkpointType, nil
	}
	t, err := torchwood.ParseTilePath(path)
	if err != nil || torchwood.TilePath(t) != path { // it also takes "tile/data" for "tile/entries"
		return nil, "", missing
	}
	// How many hashes (or entries, level -1) the tile has under the published
	// checkpoint. What lies beyond is not signed and may still be lost.
	level := max(t.L, 0)
	if level > 7 || t.N > h.checkpointSize>>(tileHeight*(level+1)) || int64(t.W) > h.checkpointSize>>(tileHeight*level)-t.N<<tileHeight {
		return nil, "", missing
	}
	if t.L == -1 {
		body, err = l.entries(ctx, h.id, t.N<<tileHeight, t.W)
		return body, tileType, err
	}
	body, err = readTile(ctx, l.db.Read(), h.id, t.L, t.N)
	if err != nil {
		return nil, "", err
	}
	if len(body) < t.W*tlog.HashSize {
		return nil, "", damaged(path, "A tile of the log is too short.")
	}
	return body[:t.W*tlog.HashSize], tileType, nil
}

// entries returns a bundle: the entries from index on, each after its length as a big-endian uint16.
func (l *Log) entries(ctx context.Context, logID, from int64, n int) ([]byte, error) {
	rows, err := l.db.Read().QueryContext(ctx,
		`SELECT entry FROM log_leaf WHERE log = $1 AND leaf_index >= $2 AND leaf_index < $3 ORDER BY leaf_index`, logID, from, from+int64(n))
	if err != nil {
		return nil, fmt.Errorf("log entries: %w", err)
	}
	defer rows.Close()
	var bundle []byte
	count := 0
	for rows.Next() {
		var entry []byte
		if err := rows.Scan(&entry); err != nil {
			return nil, fmt.Errorf("log entries: %w", err)
		}
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
		count++
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("log entries: %w", err)
	}
	if count != n {
		return nil, damaged(fmt.Sprintf("tile/entries/%03d", from>>tileHeight), "Entries of the log are not there.")
	}
	return bundle, nil
}
