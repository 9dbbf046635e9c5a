package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testInstance = "../../../shared/data/vrp/CVRP/X-n101-k25.vrp"

func TestFleetSolvesAndChecksRoutes(t *testing.T) {
	out := filepath.Join(t.TempDir(), "routes.json")
	picture := filepath.Join(t.TempDir(), "routes.svg")
	status, stdout, stderr := command("fleet", "solve", testInstance, "--rounds", "2000", "--out", out, "--svg", picture)
	if status != exitOK {
		t.Fatalf("solve: status %d: %s", status, stderr)
	}
	drawn, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(drawn), "<svg", "<polyline", "<title>stop 2</title>")
	contains(t, stdout, "routes serve 100 of 100 stops: cost 2")

	status, stdout, stderr = command("fleet", "check", testInstance, out)
	if status != exitOK {
		t.Fatalf("check: status %d: %s", status, stderr)
	}
	contains(t, stdout, "can be carried out as it stands")
	status, stdout, _ = command("fleet", "check", testInstance, strings.TrimSuffix(testInstance, ".vrp")+".sol")
	if status != exitOK {
		t.Fatalf("check of the best known solution: status %d", status)
	}
	contains(t, stdout, "26 routes, cost 27591")

	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte(strings.Replace(string(text), `"cost": 2`, `"cost": 1`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = command("fleet", "check", testInstance, wrong)
	if status != exitInvalid {
		t.Errorf("check of a lower cost: status %d: %s", status, stderr)
	}
	contains(t, stdout, "the solution says 1")
	contains(t, stderr, "wrong.json", "breaks 1 rules")

	status, _, stderr = command("fleet", "solve", out)
	if status != exitInvalid {
		t.Errorf("solving a solution: status %d: %s", status, stderr)
	}
	contains(t, stderr, "This is no problem that can be read")
	if status, _, stderr = command("fleet", "solve", "nowhere.vrp"); status != exitInvalid {
		t.Errorf("solving nothing: status %d: %s", status, stderr)
	}
}
