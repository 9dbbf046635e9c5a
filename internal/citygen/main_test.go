package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommittedFilesAreWhatTheGeneratorMakes(t *testing.T) {
	source := filepath.Join("..", "..", "city", "almere")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"containers.csv", "schedule.csv", "instances.csv"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"containers.csv", "schedule.csv", "instances.csv"} {
		want, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is out of date: run go run ./internal/citygen -city city/almere", name)
		}
	}
}

func TestACityWithMistakesIsNotFilled(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "city", "almere"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "streams.yaml"), []byte("streams: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); err == nil || !strings.Contains(err.Error(), "streams.yaml:1") {
		t.Errorf("it says %v", err)
	}
}

func TestSharesAddUp(t *testing.T) {
	for _, weights := range [][]float64{{1, 1, 1}, {5, 0, 3}, {0.1, 0.1, 99}} {
		sum := 0
		for _, n := range share(10, weights) {
			sum += n
		}
		if sum != 10 {
			t.Errorf("share(10, %v) adds up to %d", weights, sum)
		}
	}
}
