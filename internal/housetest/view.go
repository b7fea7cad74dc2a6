package housetest

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/server"
)

// With returns the same house for a subtest, which its verbs then fail instead of the test that started it.
func (h *House) With(t testing.TB) *House {
	return &House{House: h.House, T: t, URL: h.URL, Admin: h.Admin, Clock: h.Clock, Log: h.Log}
}

// Elsewhere returns the same house as another client of the installation sees it.
func (h *House) Elsewhere(prefix string, admin Client) *House {
	return &House{House: h.House, T: h.T, URL: h.URL + prefix, Admin: admin, Clock: h.Clock, Log: h.Log}
}

// NewEnvironment makes an environment and returns the house as it looks from inside: its verbs call the
// environment, as the environment's own administrator.
func (h *House) NewEnvironment(slug string) (inside *House, id string) {
	h.T.Helper()
	made := h.Must("POST", "/environments", O{"name": slug, "slug": slug})
	admin := made.Object("admin")
	return h.Elsewhere("/"+slug, Client{admin.String("client_id"), admin.String("client_secret")}), made.String("id")
}

// Refused starts a house that must not start, and returns why it does not.
func Refused(t testing.TB, dsn, rootKey string) error {
	t.Helper()
	config := Config(t, dsn, rootKey, "http://127.0.0.1:1")
	log := server.NewLog(config, io.Discard)
	defer func() { _ = log.Close() }()
	h, err := server.Build(context.Background(), config, server.Parts{Log: log})
	if err == nil {
		t.Errorf("the house started; closing it gives %v", h.Close())
	}
	return err
}

// Metrics returns every series that the house shows at /metrics, by its name with labels.
func (h *House) Metrics() map[string]float64 {
	h.T.Helper()
	a := h.Send(h.Request(http.MethodGet, "/metrics", nil))
	if a.Status != http.StatusOK {
		h.T.Fatalf("metrics: %d %s", a.Status, a.Text)
	}
	series := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(a.Text)); lines.Scan(); {
		if at := strings.LastIndexByte(lines.Text(), ' '); at > 0 && lines.Text()[0] != '#' {
			series[lines.Text()[:at]], _ = strconv.ParseFloat(lines.Text()[at+1:], 64)
		}
	}
	return series
}

// Statements returns how many database statements the house has run because somebody called it; its chores are
// not counted.
func (h *House) Statements() int {
	h.T.Helper()
	count, ok := h.Metrics()["counterfoil_database_statements_total"]
	if !ok {
		h.T.Fatal("the metrics do not say how many statements were run")
	}
	return int(count)
}

// Routes returns the pattern of every route that the house serves, as it was given to the mux.
func (h *House) Routes() []string {
	h.T.Helper()
	var routes []string
	for name := range h.Metrics() {
		if rest, ok := strings.CutPrefix(name, `counterfoil_http_requests_total{route="`); ok {
			if route, ok := strings.CutSuffix(rest, `",status="none"}`); ok && route != "unmatched" {
				routes = append(routes, route)
			}
		}
	}
	return routes
}

// At returns a house that runs in another process, for the verbs to call.
func At(t testing.TB, url string, admin Client) *House {
	return &House{T: t, URL: url, Admin: admin, Clock: &Clock{}}
}
