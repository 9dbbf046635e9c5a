package main

import (
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestInitMakesAFolderOnce(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		config, before := p.read(t, "stad/polder.yaml"), p.counts(t)
		p.refuses(t, exitInvalid, []string{"holds a Polder already", "Choose another folder"}, "init", "--city", testCity, p.path("stad"))
		if after := p.counts(t); p.read(t, "stad/polder.yaml") != config || !maps.Equal(before, after) {
			t.Error("the second init changed the folder")
		}
	})
}

func TestInitPrintsTheFirstLinkAndTheKeys(t *testing.T) {
	status, stdout, stderr := command("init", "--city", "almere", filepath.Join(t.TempDir(), "stad"))
	if status != exitOK {
		t.Fatalf("status %d: %s", status, stderr)
	}
	contains(t, stdout, "is ready for Almere", "/welkom?code=", "API key for importers", "The log's public key", "Next: polder roads import")
}

func TestInitKeepsTheDatabaseThatItWasGiven(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		if config := p.read(t, "stad/polder.yaml"); !strings.Contains(config, fmt.Sprintf("database: %q", p.database)) {
			t.Errorf("the settings do not name %s: %s", p.database, config)
		}
		// Without --database and without the variable every command finds it.
		status, _, stderr := command("log", "check", "--data", p.path("stad"))
		if status != exitOK {
			t.Errorf("status %d: %s", status, stderr)
		}
	})
}

func TestACityOrFolderThatIsNotThereSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name  string
		args  []string
		parts []string
	}{
		{"a wrong --data", []string{"plan", "--data", filepath.Join(dir, "none")}, []string{filepath.Join(dir, "none"), "polder init", "--data"}},
		{"no such city", []string{"init", "--city", "atlantis", filepath.Join(dir, "stad")}, []string{"atlantis"}},
		{"an unknown flag", []string{"plan", "--day", "2026-11-24"}, []string{"--day", "polder --help"}},
		{"no such command", []string{"fly"}, []string{"fly", "polder --help"}},
		{"no database folder", []string{"serve", "--data", dir}, []string{"polder.yaml"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, stderr := command(tt.args...)
			if status != exitInvalid {
				t.Errorf("status %d: %s", status, stderr)
			}
			contains(t, stderr, tt.parts...)
		})
	}
}

func TestATakenPortSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := newPolder(t, filepath.Join(t.TempDir(), "polder.db"))
	p.refuses(t, exitFailed, []string{taken.Addr().String(), "another program may be using it", "--listen"}, "serve", "--listen", taken.Addr().String())
}

func TestHelpOfEverySubcommandShowsHowItIsUsed(t *testing.T) {
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	leaves := parser.Model.Leaves(true)
	// These lack an example. One that gets it leaves the list; a new subcommand never joins it.
	plain := []string{"check", "observations undo", "city check", "account invite", "account key", "log check", "log successor", "backup", "restore", "version"}
	if len(leaves) < 20 {
		t.Fatalf("only %d subcommands", len(leaves))
	}
	for _, leaf := range leaves {
		path := strings.Fields(leaf.FullPath())[1:]
		status, stdout, stderr := command(append(path, "--help")...)
		if status != exitOK || stderr != "" {
			t.Errorf("%v --help: status %d: %s", path, status, stderr)
		}
		name := strings.Join(path, " ")
		contains(t, stdout, "Usage: polder "+name)
		if has := strings.Contains(stdout, "For instance:"); has == slices.Contains(plain, name) {
			t.Errorf("%s --help: an example is there: %t", name, has)
		}
	}
	if status, stdout, _ := command("--help"); status != exitOK {
		t.Errorf("--help: status %d", status)
	} else {
		contains(t, stdout, "polder demo", "Exit status")
	}
}

func TestVersionNamesTheReleaseAndTheMachine(t *testing.T) {
	status, stdout, _ := command("version")
	if status != exitOK {
		t.Errorf("status %d", status)
	}
	contains(t, stdout, "polder "+release, "go1.", "/")
}
