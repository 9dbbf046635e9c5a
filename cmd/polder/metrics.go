package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics answers what an operator asks at three in the morning: does it take
// readings, does it plan, does the log go on, does the disk fill.
func (a *app) metrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &partsCollector{a})
	return r
}

// partsCollector asks the parts when it is scraped.
type partsCollector struct{ a *app }

var (
	databaseBytes    = prometheus.NewDesc("polder_database_bytes", "Size of the database on disk.", nil, nil)
	walBytes         = prometheus.NewDesc("polder_database_wal_bytes", "Size of SQLite's write-ahead log.", nil, nil)
	databaseHealthy  = prometheus.NewDesc("polder_database_healthy", "1 while the database takes writes.", nil, nil)
	logSize          = prometheus.NewDesc("polder_log_entries", "Entries in the transparency log.", nil, nil)
	logWaiting       = prometheus.NewDesc("polder_log_waiting", "Entries that wait for their place.", nil, nil)
	logAge           = prometheus.NewDesc("polder_log_checkpoint_age_seconds", "Age of the newest checkpoint, by the city's clock.", nil, nil)
	logSigns         = prometheus.NewDesc("polder_log_signs", "1 while this node signs the log.", nil, nil)
	observedTotal    = prometheus.NewDesc("polder_observations_total", "Readings by what became of them; received is the sum of the others.", []string{"outcome"}, nil)
	observationQueue = prometheus.NewDesc("polder_observations_waiting", "Readings that wait for a commit.", nil, nil)
	adviceOpen       = prometheus.NewDesc("polder_advice_open", "Advice that waits for an official.", nil, nil)
	scrapeErrors     = prometheus.NewDesc("polder_scrape_errors", "Parts that did not answer this scrape.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *partsCollector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements prometheus.Collector.
func (c *partsCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	failed := 0
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if size, err := c.a.db.Size(ctx); err == nil {
		gauge(databaseBytes, float64(size))
	} else {
		failed++
	}
	gauge(walBytes, float64(c.a.db.WALSize()))
	gauge(databaseHealthy, truth(c.a.db.Healthy(ctx) == nil))
	if s, err := c.a.tlog.Status(ctx); err == nil {
		gauge(logSize, float64(s.Size))
		gauge(logWaiting, float64(s.Waiting))
		gauge(logSigns, truth(s.Signs))
		if !s.CheckpointAt.IsZero() {
			gauge(logAge, c.a.clock.Now().Sub(s.CheckpointAt).Seconds())
		}
	} else {
		failed++
	}
	if t, err := c.a.sensing.Totals(ctx); err == nil {
		out <- prometheus.MustNewConstMetric(observedTotal, prometheus.CounterValue, float64(t.Stored), "stored")
		for reason, n := range t.Rejected {
			out <- prometheus.MustNewConstMetric(observedTotal, prometheus.CounterValue, float64(n), reason)
		}
		gauge(observationQueue, float64(t.Waiting))
	} else {
		failed++
	}
	if open, err := c.a.gate.OpenAdvice(ctx); err == nil {
		gauge(adviceOpen, float64(len(open)))
	} else {
		failed++
	}
	gauge(scrapeErrors, float64(failed))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
