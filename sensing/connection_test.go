package sensing_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"polder.city/sensing"
	"polder.city/store/storetest"
)

// wire stands between Polder and PostgreSQL, and breaks the connection when it is to carry back the answer to a COMMIT.
type wire struct {
	net.Listener
	server string
	breaks atomic.Bool
	open   sync.WaitGroup
}

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", w.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		w.open.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
		w.open.Go(func() {
			defer client.Close()
			answer := make([]byte, 1<<16)
			for {
				n, err := server.Read(answer)
				if w.breaks.Load() && bytes.Contains(answer[:n], []byte("COMMIT\x00")) || err != nil {
					return
				}
				if _, err := client.Write(answer[:n]); err != nil {
					return
				}
			}
		})
	}
}

// A COMMIT whose answer is lost has stored the group. To store it again for each caller
// alone would count it twice; the callers are told, and recognised by their keys when they come again.
func TestACommitWithoutAnswerIsNotRepeated(t *testing.T) {
	dsn, err := url.Parse(storetest.PostgresDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: listener, server: dsn.Host}
	t.Cleanup(w.open.Wait)
	go w.serve()
	t.Cleanup(func() { _ = w.Close() })
	dsn.Host = listener.Addr().String()
	c := start(t, storetest.Open(t, dsn.String()))
	c.ensure(t, 3)
	c.observe(t, sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon, Value: 0.5}) // its series is there

	const callers = 8
	observe := func(each func(caller int, results []sensing.Result, err error)) {
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				results, err := c.Observe(context.Background(), []sensing.Reading{{DatastreamKey: "FIL-001-R/fill", Time: noon, Value: 0.5, Key: fmt.Sprint(i)}})
				each(i, results, err)
			})
		}
		wg.Wait()
	}
	w.breaks.Store(true)
	observe(func(caller int, _ []sensing.Result, err error) {
		if code(err) != "store.unknown" {
			t.Errorf("caller %d: %v", caller, err)
		}
	})
	w.breaks.Store(false)
	var repeated atomic.Int64
	observe(func(caller int, results []sensing.Result, err error) {
		if err != nil || results[0].Err != nil {
			t.Errorf("caller %d again: %v %+v", caller, err, results)
		} else if results[0].Repeated {
			repeated.Add(1)
		}
	})
	if d := c.datastream(t, "FIL-001-R/fill"); d.Count != 1+callers || repeated.Load() != callers {
		t.Errorf("%d observations of %d, %d of them recognised", d.Count, 1+callers, repeated.Load())
	}
}
