package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what GET /metrics shows. Requests are counted by the API itself; the other methods are
// for the observers of the flows, and cheap enough to be called for every request. Labels are names of
// routes, sources and models, never values, so that their number is bounded by the definitions.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler

	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	inFlight prometheus.Gauge

	events   *prometheus.CounterVec
	late     *prometheus.CounterVec
	visible  prometheus.Histogram
	position *prometheus.GaugeVec
	rows     *prometheus.CounterVec
	samples  *prometheus.CounterVec
	failures *prometheus.CounterVec
}

// NewMetrics returns metrics that count from 0, with those of the Go runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("requests_total", "Requests by route and HTTP status.", "route", "code"),
		latency: histograms("request_seconds", "Time from the header of a request to the end of its answer.",
			[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}, "route"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "fettle", Name: "requests_in_flight",
			Help: "Requests that are being answered."}),
		events: counters("events_total", "Events that came in, by source and what became of them.", "source", "result"),
		late: counters("events_late_total",
			"Accepted events by how many seconds after its event time each was received, at most.", "source", "within"),
		visible: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "fettle", Name: "event_visible_seconds",
			Help:    "From the receipt of an event to the moment at which it is served.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}}),
		position: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "fettle", Name: "position",
			Help: "Sequence in the log: of the last durable record, and of the last one that each part reflects."},
			[]string{"part"}),
		rows:     counters("rows_served_total", "Rows answered, by model.", "model"),
		samples:  counters("samples_total", "Answers sampled for verify, by what became of them.", "result"),
		failures: counters("failures_total", "Failures in the background, by part.", "part"),
	}
	m.registry.MustRegister(m.requests, m.latency, m.inFlight, m.events, m.late, m.visible, m.position,
		m.rows, m.samples, m.failures, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// counters makes counters of our name space.
func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "fettle", Name: name, Help: help}, labels)
}

// histograms makes histograms of our name space, with their bounds in seconds.
func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "fettle", Name: name, Help: help,
		Buckets: buckets}, labels)
}

// Events counts the events of one push.
func (m *Metrics) Events(source string, accepted, duplicates, quarantined int64) {
	m.events.WithLabelValues(source, "accepted").Add(float64(accepted))
	m.events.WithLabelValues(source, "duplicate").Add(float64(duplicates))
	m.events.WithLabelValues(source, "quarantined").Add(float64(quarantined))
}

// Late counts accepted events that were received within so many seconds after their event time, and
// not within the next smaller bound. Infinity stands for all others.
func (m *Metrics) Late(source string, within float64, events int64) {
	m.late.WithLabelValues(source, strconv.FormatFloat(within, 'f', -1, 64)).Add(float64(events))
}

// Visible observes how long it took until events were served.
func (m *Metrics) Visible(delay time.Duration) { m.visible.Observe(delay.Seconds()) }

// Position shows how far a part has come in the log: durable, applied, history.
func (m *Metrics) Position(part string, sequence uint64) {
	m.position.WithLabelValues(part).Set(float64(sequence))
}

// Answered counts the rows of an answer; model is empty for a list of features.
func (m *Metrics) Answered(model string, rows int) {
	m.rows.WithLabelValues(model).Add(float64(rows))
}

// Sampled counts answers that were sampled; result is stored, dropped or failed.
func (m *Metrics) Sampled(result string) { m.samples.WithLabelValues(result).Inc() }

// Failure counts a failure in the background that no request is told of.
func (m *Metrics) Failure(part string) { m.failures.WithLabelValues(part).Inc() }

// Registerer is for metrics of other parts.
func (m *Metrics) Registerer() prometheus.Registerer { return m.registry }

// begin counts a request as one that is being answered.
func (m *Metrics) begin() { m.inFlight.Inc() }

// end counts a request. One whose connection broke before an answer has status 0.
func (m *Metrics) end(route string, status int, took time.Duration) {
	m.inFlight.Dec()
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.latency.WithLabelValues(route).Observe(took.Seconds())
}

// metrics answers GET /metrics.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	a.allowWrite(w)
	a.options.Metrics.handler.ServeHTTP(w, r)
	return nil
}
