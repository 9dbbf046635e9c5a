package roads_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"polder.city/roads"
)

func BenchmarkImportLiechtenstein(b *testing.B) {
	data, err := os.ReadFile(liechtensteinFile)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := roads.ImportPBF(b.Context(), bytes.NewReader(data), roads.ImportOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	n := realNetwork(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := roads.Build(n, roads.Truck()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatrix400(b *testing.B) {
	g := realGraph(b)
	at := places(b, g, 400)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Matrix(b.Context(), at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPath(b *testing.B) {
	g := realGraph(b)
	at := places(b, g, 400)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := g.Path(at[i%400], at[(i*7+13)%400]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnap(b *testing.B) {
	g, n := realGraph(b), realNetwork(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = g.Snap(n.Nodes[i%len(n.Nodes)], 50)
	}
}

// BenchmarkNewMetric is what a closure or other speeds cost.
func BenchmarkNewMetric(b *testing.B) {
	g := realGraph(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.With(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIsochrone(b *testing.B) {
	g := realGraph(b)
	at := places(b, g, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Isochrone(at, 10*time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildADrawnCity(b *testing.B) {
	n := drawnCity(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := roads.Build(n, roads.Truck()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenGraph(b *testing.B) {
	name, network := savedGraph(b, realGraph(b), realNetwork(b))
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	truck := roads.Truck()
	b.ReportAllocs()
	b.SetBytes(info.Size())
	for b.Loop() {
		g, err := roads.OpenGraph(name, network, truck)
		if err != nil {
			b.Fatal(err)
		}
		if err := g.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
