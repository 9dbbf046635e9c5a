package sensing_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"polder.city/sensing"
	"polder.city/store/storetest"
)

// Two nodes keep nothing of a series between two commits, and the lock makes n count on.
func TestTwoNodesOverOnePostgreSQLNumberTogetherAndShareKeys(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	nodes := []*city{start(t, storetest.Open(t, dsn)), start(t, storetest.Open(t, dsn))}
	const streams, callers, each = 3, 8, 25
	nodes[0].ensure(t, streams)
	var mu sync.Mutex
	byKey := map[string]int64{}
	byID := map[int64]string{}
	var wg sync.WaitGroup
	for caller := range callers {
		for _, node := range nodes { // both send the same under the same key
			wg.Go(func() {
				for i := range each {
					key := fmt.Sprintf("%d-%d", caller, i)
					results, err := node.Observe(context.Background(), []sensing.Reading{{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", caller%streams+1), Time: noon, Value: 0.5, Key: key}})
					if err != nil || results[0].Err != nil {
						t.Errorf("%s: %v %+v", key, err, results)
						return
					}
					mu.Lock()
					if id, ok := byKey[key]; ok && id != results[0].ID {
						t.Errorf("%s was stored twice", key)
					}
					if other, ok := byID[results[0].ID]; ok && other != key {
						t.Errorf("%s and %s have one id", key, other)
					}
					byKey[key], byID[results[0].ID] = results[0].ID, key
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	var received int64
	for i := range streams {
		d := nodes[1].datastream(t, fmt.Sprintf("FIL-%03d-R/fill", i+1))
		ids := map[int64]bool{}
		for _, o := range nodes[1].read(t, d.ID, noon, noon.AddDate(0, 0, 1)) {
			_, n := sensing.SplitID(o.ID)
			ids[n] = true
		}
		for n := range d.Count {
			if !ids[n] {
				t.Errorf("%s: of %d observations %d is not there", d.Key, d.Count, n)
			}
		}
		received += d.Count
	}
	if received != callers*each {
		t.Errorf("%d observations, not %d", received, callers*each)
	}
}
