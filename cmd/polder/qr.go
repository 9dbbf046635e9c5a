package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"rsc.io/qr"

	"polder.city/internal/problem"
)

type containersQRCmd struct {
	Out     string `required:"" help:"The folder that the stickers are written to, one SVG for each container." placeholder:"DIR" type:"path"`
	Address string `help:"How residents reach the pages, as https://polder.almere.nl; default: the address in polder.yaml." placeholder:"URL"`
}

// Help shows an example.
func (containersQRCmd) Help() string {
	return "For instance:\n  polder containers qr --out stickers\n\nThe code opens /c/NUMBER, where a resident reports in two taps. Print at 60 mm wide or more."
}

// Run writes a sticker for each container.
func (c *containersQRCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(c.write(ctx, g, a), a.close())
}

func (c *containersQRCmd) write(ctx context.Context, g *Globals, a *app) error {
	address := strings.TrimSuffix(c.Address, "/")
	if address == "" {
		address = strings.TrimSuffix(a.folder.Address, "/")
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return problem.New(problem.Invalid, "qr.address", "%q is no address of a site.", address).At("--address").
			Do("Give the one that residents use, as https://polder.almere.nl: a printed code cannot be changed.")
	}
	containers, err := a.collection.Containers(ctx)
	if err != nil {
		return err
	}
	if len(containers) == 0 {
		return problem.New(problem.NotFound, "qr.none", "There are no containers.").Do("Import them first: polder containers import containers.csv.")
	}
	messages, err := messagesOf(a.city)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return problem.New(problem.Invalid, "qr.folder", "The folder %s cannot be made.", c.Out).At("--out").Do("Name another.").Cause(err)
	}
	p := messages.Printer(a.city.Languages[0], a.city.Location)
	for _, k := range containers {
		escaped := url.PathEscape(k.ID) // also without a slash, so that it can name a file
		code, err := qr.Encode(address+"/c/"+escaped, qr.Q)
		if err != nil {
			return problem.New(problem.Invalid, "qr.long", "The address of container %s does not fit in a code.", k.ID).At("--address").Do("Use a shorter address.").Cause(err)
		}
		err = writeFile(filepath.Join(c.Out, escaped+".svg"), func(w *bufio.Writer) error {
			return drawSticker(w, code, sticker{Title: p.T("quick.sticker.title", "id", k.ID), ID: k.ID, Words: p.T("quick.sticker.words")})
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(g.out, "%d stickers written to %s; they open %s/c/NUMBER.\n", len(containers), c.Out, address)
	return nil
}

// sticker is what stands on a container around its code.
type sticker struct{ Title, ID, Words string }

// quiet is the white that a reader needs around a code, in modules (ISO/IEC 18004, 9.1).
const quiet = 4

// drawSticker draws a code with the container's number and what it is for, in modules of the code.
func drawSticker(w io.Writer, code *qr.Code, s sticker) error {
	wide := code.Size + 2*quiet
	text := float64(wide) / 9
	high := float64(wide) + 2.6*text
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="60mm" height="%.1fmm" viewBox="0 0 %d %.2f" role="img"><title>%s</title>
<path fill="#fff" d="M0 0h%dv%.2fh-%dz"/>
<path fill="#000" shape-rendering="crispEdges" d="%s"/>
<g fill="#000" font-family="'Atkinson Hyperlegible Next', Arial, sans-serif" text-anchor="middle">
<text x="%.1f" y="%.2f" font-size="%.2f" font-weight="700">%s</text>
<text x="%.1f" y="%.2f" font-size="%.2f">%s</text>
</g></svg>
`, 60*high/float64(wide), wide, high, html.EscapeString(s.Title), wide, high, wide, path.String(),
		float64(wide)/2, float64(wide)+0.6*text, text, html.EscapeString(s.ID),
		float64(wide)/2, float64(wide)+1.8*text, 0.62*text, html.EscapeString(s.Words))
	return err
}
