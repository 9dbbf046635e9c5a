package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"polder.city/internal/problem"
)

// Backup writes a consistent copy of the SQLite database to path while others
// read and write. The copy has its name only once it is whole and on disk.
func (db *DB) Backup(ctx context.Context, path string) error {
	if db.dialect != SQLite {
		return problem.New(problem.Invalid, "backup.postgres", "A PostgreSQL database is backed up by its own tools.").
			Do("Use pg_dump or your provider's backups.")
	}
	if _, err := os.Stat(path); err == nil {
		return problem.New(problem.Conflict, "backup.exists", "The file %s exists already.", path).Do("Give another name, or remove it first.")
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	// A reader connection copies, so that writers go on; VACUUM INTO is refused where query_only is set.
	reader, err := sql.Open("sqlite", "file:"+(&url.URL{Path: db.path}).EscapedPath()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer reader.Close()
	if _, err := reader.ExecContext(ctx, `VACUUM INTO $1`, part); err != nil {
		return errors.Join(fmt.Errorf("backup to %s: %w", path, err), remove(part))
	}
	if err := CheckFile(ctx, part); err != nil {
		return errors.Join(fmt.Errorf("backup to %s: %w", path, err), remove(part))
	}
	return publish(part, path)
}

// CheckFile reads the whole SQLite database at path and returns what is wrong with it.
func CheckFile(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict); err != nil {
		return problem.New(problem.Invalid, "backup.damaged", "The file %s is no readable database.", path).
			Do("Use another backup.").Cause(err)
	}
	if verdict != "ok" {
		return problem.New(problem.Invalid, "backup.damaged", "The file %s is damaged: %s.", path, verdict).Do("Use another backup.")
	}
	return nil
}

// Restore puts the backup at from in the place of the database at to, which must
// not be open. What stood there is kept beside it under the name that is returned ("" when there was nothing).
func Restore(ctx context.Context, from, to string) (kept string, err error) {
	if err := CheckFile(ctx, from); err != nil {
		return "", err
	}
	part := to + ".part"
	if err := copyFile(from, part); err != nil {
		return "", errors.Join(fmt.Errorf("restore to %s: %w", to, err), remove(part))
	}
	if _, err := os.Stat(to); err == nil {
		kept = to + ".before-restore"
		for i := 2; exists(kept); i++ {
			kept = fmt.Sprintf("%s.before-restore-%d", to, i)
		}
		// The journal goes with its database: left behind, it would be replayed into the restored one.
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(to+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", fmt.Errorf("restore to %s: %w", to, err)
			}
		}
	}
	return kept, publish(part, to)
}

// publish fsyncs the file, gives it its name, and fsyncs the folder: in that
// order a crash leaves either the whole file or none under the name.
func publish(part, path string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return fsyncFolder(filepath.Dir(path))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
