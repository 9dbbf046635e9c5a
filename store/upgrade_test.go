package store_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

var update = flag.Bool("update", false, "write testdata/schema-N.golden anew")

// Each schema version that was ever released stands in testdata: schema-N.sql is what
// a database held in the tables that version N added, schema-N.golden how SQLite drew all
// tables then. A migration that was edited after its release shows as another golden.
func TestADatabaseOfEachSchemaVersionIsUpgradedWithItsRowsIntact(t *testing.T) {
	versions := schemaVersions(t)
	newest := versions[len(versions)-1]
	for i := range versions {
		for dialect, dsn := range map[string]func(t *testing.T) string{
			"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "polder.db") },
			"postgres": func(t *testing.T) string { return storetest.PostgresDSN(t) },
		} {
			t.Run(fmt.Sprintf("from %d on %s", versions[i], dialect), func(t *testing.T) { upgradeFrom(t, dsn(t), versions[:i+1], newest) })
		}
	}
}

// schemaVersions returns the numbers of the migrations, which may have gaps, lowest first.
func schemaVersions(t *testing.T) []int64 {
	t.Helper()
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("migrations: %v, %v", files, err)
	}
	versions := make([]int64, len(files))
	for i, name := range files {
		if _, err := fmt.Sscanf(filepath.Base(name), "%d_", &versions[i]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	slices.Sort(versions)
	return versions
}

func upgradeFrom(t *testing.T, dsn string, versions []int64, newest int64) {
	ctx := context.Background()
	version := versions[len(versions)-1]
	old, err := store.Open(ctx, dsn, store.Options{NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for _, v := range versions {
		tables = append(tables, fill(t, old, v)...)
	}
	if old.Dialect() == store.SQLite {
		compareSchema(t, old, version)
	}
	columns, before := map[string]string{}, map[string][]string{}
	for _, table := range tables {
		columns[table], before[table] = rowsOf(t, old, table, "*")
		if len(before[table]) == 0 {
			t.Fatalf("no row of %s to upgrade", table)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	db := storetest.Open(t, dsn)
	if v, err := db.SchemaVersion(ctx); err != nil || v != newest {
		t.Fatalf("schema %d after the upgrade, want %d: %v", v, newest, err)
	}
	for _, table := range tables {
		if _, after := rowsOf(t, db, table, columns[table]); !slices.Equal(before[table], after) {
			t.Errorf("%s before:\n%s\nafter the upgrade:\n%s", table, strings.Join(before[table], "\n"), strings.Join(after, "\n"))
		}
	}
	if db.Dialect() != store.SQLite || version == newest {
		return
	}
	backups, err := filepath.Glob(dsn + fmt.Sprintf(".before-%d-*", version))
	if err != nil || len(backups) != 1 {
		t.Fatalf("backups before the upgrade: %v, %v; want one", backups, err)
	}
	if err := store.CheckFile(ctx, backups[0]); err != nil {
		t.Error(err)
	}
}

// fill migrates to a version and adds the rows of its tables, which it returns.
func fill(t *testing.T, db *store.DB, version int64) (tables []string) {
	t.Helper()
	ctx := context.Background()
	if err := db.MigrateTo(ctx, version); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", version))
	if err != nil {
		t.Fatalf("%v: write what a database of this version holds in the tables that it adds", err)
	}
	if err := db.Tx(ctx, func(tx *store.Tx) error { _, err := tx.ExecContext(ctx, string(text)); return err }); err != nil {
		t.Fatalf("schema-%d.sql: %v", version, err)
	}
	for _, match := range regexp.MustCompile(`(?m)^INSERT INTO (\w+)`).FindAllStringSubmatch(string(text), -1) {
		tables = append(tables, match[1])
	}
	return tables
}

// rowsOf returns the rows of a table as text, sorted, and the names of their columns.
func rowsOf(t *testing.T, db *store.DB, table, columns string) (names string, all []string) {
	t.Helper()
	rows, err := db.Read().Query(`SELECT ` + columns + ` FROM ` + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	list, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, targets := make([]sql.NullString, len(list)), make([]any, len(list))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for _, v := range values {
			fmt.Fprintf(&line, "%t %q ", v.Valid, v.String)
		}
		all = append(all, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for i, name := range list {
		list[i] = `"` + name + `"`
	}
	slices.Sort(all)
	return strings.Join(list, ", "), all
}

// compareSchema compares the tables of a version with how they were when it was released.
func compareSchema(t *testing.T, db *store.DB, version int64) {
	t.Helper()
	rows, err := db.Read().Query(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var schema strings.Builder
	comment := regexp.MustCompile(`[ \t]*--[^\n]*`)
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		schema.WriteString(comment.ReplaceAllString(text, "") + ";\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("testdata/schema-%d.golden", version)
	if *update {
		if err := os.WriteFile(name, []byte(schema.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if schema.String() != string(want) {
		t.Errorf("schema %d is not what it was: a migration that was released is never edited, add another (before the release: go test ./store -run Upgraded -update):\n%s", version, schema.String())
	}
}
