package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// provider returns the migrations of the database's dialect.
func (db *DB) provider() (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return nil, err
	}
	if db.dialect == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, db.write, folder)
	}
	// Two nodes that start at once: the second waits, then finds nothing to do.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db.write, folder, goose.WithSessionLocker(locker))
}

// Migrate brings the schema up to date. A database with content is first backed
// up beside its file (SQLite; on PostgreSQL the operator's own backup serves).
func (db *DB) Migrate(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if !pending {
		return nil
	}
	current, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if current > 0 && db.dialect == SQLite {
		backup := fmt.Sprintf("%s.before-%d-%s", db.path, current, time.Now().UTC().Format("20060102T150405"))
		if err := db.Backup(ctx, backup); err != nil {
			return fmt.Errorf("backup before upgrade from schema %d: %w", current, err)
		}
		db.log.Info("backup made before upgrade", "file", backup, "schema", current)
	}
	results, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("upgrade of the schema: %w", err)
	}
	for _, r := range results {
		db.log.Info("schema upgraded", "migration", r.Source.Version, "took", r.Duration)
	}
	return nil
}

// MigrateTo brings an empty database up to a schema version, for tests that upgrade from there.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	p, err := db.provider()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.UpTo(ctx, version); err != nil {
		return fmt.Errorf("schema to version %d: %w", version, err)
	}
	return nil
}

// SchemaVersion returns the number of the last migration that was applied.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) {
	p, err := db.provider()
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	return p.GetDBVersion(ctx)
}

// fsyncFolder makes a rename in the folder durable.
func fsyncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
