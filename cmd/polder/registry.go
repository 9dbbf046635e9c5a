package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"polder.city/decision/tlog"
	"polder.city/internal/message"
	"polder.city/internal/problem"
	"polder.city/register"
)

// documents are what a city folder publishes in the register.
type documents struct {
	entries []*register.Entry
	rules   []register.Rule
	roles   []register.Role
}

// readRegister reads register/*.yaml, rules.yaml and roles.yaml of a city folder,
// and returns all mistakes, joined.
func readRegister(folder fs.FS) (documents, error) {
	var d documents
	var wrong error
	names, err := fs.Glob(folder, "register/*.yaml")
	if err != nil {
		return d, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return d, fmt.Errorf("read %s: %w", name, err)
		}
		entry, err := register.ParseEntry(data, name)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		d.entries = append(d.entries, entry)
	}
	for name, parse := range map[string]func([]byte) error{
		"rules.yaml": func(data []byte) (err error) { d.rules, err = register.ParseRules(data, "rules.yaml"); return err },
		"roles.yaml": func(data []byte) (err error) { d.roles, err = register.ParseRoles(data, "roles.yaml"); return err },
	} {
		data, err := fs.ReadFile(folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			wrong = errors.Join(wrong, problem.New(problem.Invalid, "city.missing", "The file is missing.").At(name).Do("Copy it from the embedded city and make it your own."))
			continue
		}
		if err == nil {
			err = parse(data)
		}
		wrong = errors.Join(wrong, err)
	}
	if wrong == nil {
		wrong = register.CheckTogether(d.entries, d.rules, d.roles)
	}
	return d, wrong
}

// publishRegister makes the city folder's entries, rules and roles the register.
// What is not in the folder any more is withdrawn; what did not change is left alone.
func (a *app) publishRegister(ctx context.Context) error {
	d, err := readRegister(a.city.FS)
	if err != nil {
		return err
	}
	changed, err := a.register.Publish(ctx, d.entries, d.rules, d.roles)
	if err != nil {
		return err
	}
	if changed > 0 {
		a.log.Info("register published", "documents", changed)
	}
	return nil
}

// successor ends the log and starts another under a new name, with a new key.
func (a *app) successor(ctx context.Context, origin string) (*tlog.Key, error) {
	file := a.folder.path(a.folder.Log.Key)
	next := file + ".next"
	if err := tlog.GenerateKey(next, origin); err != nil {
		return nil, err
	}
	key, err := tlog.LoadKey(next)
	if err != nil {
		return nil, err
	}
	if err := a.tlog.Successor(ctx, key); err != nil {
		return nil, errors.Join(err, os.Remove(next))
	}
	// The log has gone over to the new key in the database; only then does the file follow. A
	// crash between the two leaves both files, and the next start says which is missing.
	if err := errors.Join(os.Rename(file, file+".old"), os.Rename(next, file)); err != nil {
		return nil, err
	}
	a.folder.Log.Origin = origin
	return key, a.folder.write()
}

// messageOverrides reads messages/nl.yaml and messages/en.yaml of a city folder, where they are.
func messageOverrides(folder fs.FS) ([]message.Override, error) {
	var overrides []message.Override
	for _, lang := range message.Languages() {
		name := path.Join("messages", lang+".yaml")
		data, err := fs.ReadFile(folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		overrides = append(overrides, message.Override{Lang: lang, Name: name, YAML: data})
	}
	return overrides, nil
}
