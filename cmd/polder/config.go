package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"polder.city/internal/problem"
)

// configName is the file in a city's folder that holds its settings.
const configName = "polder.yaml"

// config is polder.yaml. An environment variable or a flag with the same meaning comes before it.
type config struct {
	// City is the name of an embedded city, or a folder (relative to this file).
	City string `yaml:"city"`
	// Database is a file (relative to this file) or a postgres:// URL.
	Database string `yaml:"database"`
	// Listen is the address of 'polder serve'. It is loopback until somebody decides otherwise.
	Listen string `yaml:"listen"`
	// Address is how people reach the pages, for links and for the log's name.
	Address string `yaml:"address"`
	// Log is the key of the transparency log and the file that remembers what was signed,
	// outside the database, so that a restored database cannot make the log forget.
	Log logConfig `yaml:"log"`
}

type logConfig struct {
	Key    string `yaml:"key"`
	State  string `yaml:"state"`
	Origin string `yaml:"origin"`
}

// folder is a city's folder on disk.
type folder struct {
	dir string
	config
}

// path returns name as seen from the folder.
func (f folder) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

// database returns the address of the database, after the flag.
func (f folder) database(flag string) string {
	switch {
	case flag != "":
		return flag
	case strings.Contains(f.Database, "://"):
		return f.Database
	default:
		return f.path(f.Database)
	}
}

// openFolder finds the city's folder: the flag's, this one, or the only one
// below this one that 'polder init' made.
func openFolder(flag string) (folder, error) {
	dir := flag
	if dir == "" {
		dir = "."
		if _, err := os.Stat(configName); errors.Is(err, fs.ErrNotExist) {
			below, err := filepath.Glob(filepath.Join("*", configName))
			if err != nil {
				return folder{}, err
			}
			if len(below) != 1 {
				return folder{}, problem.New(problem.NotFound, "config.none", "There is no %s here, nor in one folder below.", configName).
					Do("Make a city's folder with 'polder init --city almere ./stad', or name it with --data.")
			}
			dir = filepath.Dir(below[0])
		}
	}
	name := filepath.Join(dir, configName)
	data, err := os.ReadFile(name)
	if err != nil {
		return folder{}, problem.New(problem.NotFound, "config.none", "The file %s cannot be read.", name).
			Do("Make the folder with 'polder init', or name another with --data.").Cause(err)
	}
	f := folder{dir: dir}
	if err := yaml.UnmarshalWithOptions(data, &f.config, yaml.Strict()); err != nil {
		return folder{}, problem.New(problem.Invalid, "config.yaml", "The settings cannot be read: %s", yaml.FormatError(err, false, true)).
			At(name).Do("Compare it with what 'polder init' writes.")
	}
	for field, value := range map[string]string{"city": f.City, "database": f.Database, "log.key": f.Log.Key, "log.state": f.Log.State, "log.origin": f.Log.Origin} {
		if value == "" {
			return folder{}, problem.New(problem.Invalid, "config."+field, "The setting %s is missing.", field).At(name).
				Do("Compare it with what 'polder init' writes.")
		}
	}
	if f.Listen == "" {
		f.Listen = "127.0.0.1:8080"
	}
	return f, nil
}

// write writes polder.yaml, with a comment on each setting.
func (f folder) write() error {
	text := fmt.Sprintf(`# Settings of this Polder. A flag or an environment variable (POLDER_...) comes before them.

# The city: an embedded name, or a folder.
city: %q
# The database: a file, or postgres://user:password@host:5432/name
database: %q
# Where 'polder serve' listens. Loopback only, until you decide otherwise and put a TLS proxy in front.
listen: %q
# How people reach the pages.
address: %q
log:
  # The key that signs the transparency log. Keep a copy in a safe: a log cannot go on without it.
  key: %q
  # Remembers what was signed. Never restore it from a backup: it is what notices that the database was.
  state: %q
  # The log's name for ever.
  origin: %q
`, f.City, f.Database, f.Listen, f.Address, f.Log.Key, f.Log.State, f.Log.Origin)
	return os.WriteFile(f.path(configName), []byte(text), 0o600)
}
