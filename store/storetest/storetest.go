// Package storetest runs a test of stored state on both databases.
package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"polder.city/store"
)

// Each runs test as a subtest on an empty SQLite database and on an empty database of a real PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, Open(t, "sqlite:"+filepath.Join(t.TempDir(), "polder.db"))) })
	t.Run("postgres", func(t *testing.T) { test(t, Open(t, PostgresDSN(t))) })
}

// Open opens the database at dsn, and closes it when the test ends.
func Open(t testing.TB, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		t.Fatalf("open %s: %v", dsn, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

var (
	server   = sync.OnceValues(func() (string, error) { return start("off") })
	durable  = sync.OnceValues(func() (string, error) { return start("on") })
	sequence atomic.Int64
)

// PostgresDSN returns the address of a new database, of which the schema is up
// to date. The server is the one that POLDER_TEST_POSTGRES names, or one that is
// started for this process and ends with it.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	return newDatabase(t, server)
}

// DurablePostgresDSN is as PostgresDSN, of a server that syncs each commit to the
// disk: for benchmarks. The server of the tests does not, they are quicker so.
func DurablePostgresDSN(t testing.TB) string {
	t.Helper()
	return newDatabase(t, durable)
}

func newDatabase(t testing.TB, server func() (string, error)) string {
	t.Helper()
	admin, err := server()
	if err != nil {
		t.Fatalf("PostgreSQL for the test: %v (install the package postgresql, as 'make test' does)", err)
	}
	db, err := sql.Open("pgx", admin+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("polder_%d_%d", os.Getpid(), sequence.Add(1))
	if _, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'"); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		db, err := sql.Open("pgx", admin+"/postgres?sslmode=disable")
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return admin + "/" + name + "?sslmode=disable"
}

// start starts a PostgreSQL server in a temporary folder. It runs under a shell
// that reads from a pipe whose other end this process holds: when the process
// ends, however it ends, the shell stops the server and removes the folder.
func start(fsync string) (admin string, err error) {
	if dsn := os.Getenv("POLDER_TEST_POSTGRES"); dsn != "" {
		return dsn, nil
	}
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "polder-postgres-")
	if err != nil {
		return "", err
	}
	var attr *syscall.SysProcAttr
	if os.Getuid() == 0 { // PostgreSQL refuses root
		who, err := user.Lookup("postgres")
		if err != nil {
			return "", err
		}
		uid, _ := strconv.Atoi(who.Uid)
		gid, _ := strconv.Atoi(who.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", err
		}
		attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "polder", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	run := exec.Command("/bin/sh", "-c",
		`"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses=127.0.0.1 -p "$3" -c fsync="$4" -c max_connections=200 >"$2/log" 2>&1 & pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; rm -rf "$2"`,
		"sh", bin, dir, strconv.Itoa(port), fsync)
	run.Dir = dir
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if attr != nil {
		run.SysProcAttr.Credential = attr.Credential
	}
	pipe, err := run.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := run.Start(); err != nil {
		return "", err
	}
	holding.Lock()
	held = append(held, pipe)
	holding.Unlock()
	admin = fmt.Sprintf("postgres://polder@127.0.0.1:%d", port)
	return admin, awaitServer(admin, filepath.Join(dir, "log"))
}

// held keeps the pipes open until the process ends: what nobody refers to is closed.
var (
	held    []io.Closer
	holding sync.Mutex
)

func awaitServer(admin, log string) error {
	db, err := sql.Open("pgx", admin+"/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := os.ReadFile(log)
			return fmt.Errorf("server did not start: %w: %s", err, bytes.TrimSpace(text))
		}
	}
}

func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
