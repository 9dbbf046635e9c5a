package decision

import (
	"context"
	"encoding/json"

	"polder.city/internal/problem"
)

// bundleFormat opens a download.
const bundleFormat = "polder.city/decision@v1"

// bundle is what a person downloads and can verify without asking the city.
type bundle struct {
	Format string          `json:"format"`
	Record json.RawMessage `json:"record"`
	Part   json.RawMessage `json:"part,omitempty"`
	Proof  string          `json:"proof"` // C2SP tlog-proof, version 1
	Key    string          `json:"key"`   // the log's public key, as C2SP signed-note writes it
}

// Bundle returns a decision as a file that proves itself: record, proof and key,
// and the part partID unless that is empty. It is canonical JSON, so that whoever reads the record out of it in
// RFC 8785 form has the very bytes that were logged. Before the decision is published it is unavailable.
func (g *Gate) Bundle(ctx context.Context, number int64, partID string) ([]byte, error) {
	d, err := g.Get(ctx, number)
	if err != nil {
		return nil, err
	}
	b := bundle{Format: bundleFormat, Record: d.Raw}
	if partID != "" {
		if b.Part, err = g.Part(ctx, number, partID); err != nil {
			return nil, err
		}
	}
	in, ok, err := g.Published(ctx, number)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, problem.New(problem.Unavailable, "decision.unpublished", "Decision %d does not stand in the published log yet.", number).
			Do("Try again in a moment.")
	}
	b.Proof, b.Key = string(in.Proof), in.VKey
	return canonical(b)
}
