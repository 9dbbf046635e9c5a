package main

import (
	"encoding/xml"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"
)

func TestAStickerOfEachContainerDrawsTheCodeOfItsShortAddress(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		p.refuses(t, exitInvalid, []string{"no containers", "Import them first"}, "containers", "qr", "--out", p.path("codes"), "--address", "https://polder.example")
		p.must(t, "containers", "import", p.write(t, "c.csv", twoContainers+"A/3 <x>,rest,9.5216,47.1412,3000\n"))
		for _, address := range []string{"polder.example", "ftp://polder.example", "https://", "https://polder.example/?a=b", "https://polder.example/" + strings.Repeat("x", 2000)} {
			p.refuses(t, exitInvalid, []string{"--address"}, "containers", "qr", "--out", p.path("codes"), "--address", address)
		}
		contains(t, p.must(t, "containers", "qr", "--out", p.path("codes"), "--address", "https://polder.example/"), "3 stickers written")
		for name, address := range map[string]string{"C1": "https://polder.example/c/C1", "A%2F3%20%3Cx%3E": "https://polder.example/c/A%2F3%20%3Cx%3E"} {
			text, err := os.ReadFile(p.path("codes/" + name + ".svg"))
			if err != nil {
				t.Fatal(err)
			}
			if err := xml.Unmarshal(text, new(struct{})); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			compareCode(t, string(text), address)
		}
	})
}

// compareCode reads the modules back from the drawing.
func compareCode(t *testing.T, svg, address string) {
	t.Helper()
	code, err := qr.Encode(address, qr.Q)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[[2]int]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(svg, -1) {
		var n [4]int
		for i := range n {
			if n[i], err = strconv.Atoi(m[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		for x := range n[2] {
			drawn[[2]int{n[0] + x, n[1]}] = true
		}
	}
	for y := -quiet; y < code.Size+quiet; y++ {
		for x := -quiet; x < code.Size+quiet; x++ {
			if drawn[[2]int{x + quiet, y + quiet}] != code.Black(x, y) {
				t.Fatalf("%s: the module at %d, %d is not as it should be", address, x, y)
			}
		}
	}
}
