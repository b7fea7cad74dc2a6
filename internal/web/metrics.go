package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// namespace starts the name of every metric.
const namespace = "counterfoil"

// Metrics are the Prometheus metrics of one process. Names are given without the prefix counterfoil_.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

// NewMetrics returns the metrics of HTTP, of the Go runtime and of the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_requests_total", Help: "Requests answered, by route and class of status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "http_request_duration_seconds", Help: "Time from the request's header to the end of the answer.",
			// From a quarter of a millisecond, where a handle token is, past 50 ms, where refusals are.
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .06, .1, .25, 1, 5},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests being handled now.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_panics_total", Help: "Requests whose handler panicked: each one is a defect.",
		}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Registry is for those who bring metrics of their own.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Gauge adds a value that is read whenever the metrics are; read must be quick and safe for concurrent use. A
// name registered twice panics.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, read))
}

// Counter is [Metrics.Gauge] for a value that only grows; its name ends in _total.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, read))
}

// Handler serves the metrics. What cannot be collected is left out and logged.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError,
	})
}

// Route is a name with its metrics looked up: finding them by label costs more than counting.
type Route struct {
	name     string
	quoted   []byte // the name as it stands in the log record
	requests [6]prometheus.Counter
	duration prometheus.Observer
}

// classes are the values of the label status. The first is for requests that got no answer.
var classes = [6]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// route returns the route of that name; the same name has the same metrics.
func (m *Metrics) route(name string) *Route {
	r := &Route{name: name, quoted: appendText(nil, name), duration: m.duration.WithLabelValues(name)}
	for i, class := range classes {
		r.requests[i] = m.requests.WithLabelValues(name, class)
	}
	return r
}

func (r *Route) observe(status int, took time.Duration) {
	class := status / 100
	if class >= len(classes) {
		class = len(classes) - 1
	}
	r.requests[class].Inc()
	r.duration.Observe(took.Seconds())
}
