package server

import (
	"io"
	"net/http"
	"strings"

	"github.com/counterfoil/counterfoil/internal/adminapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/directoryapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/invitationapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/ledgerapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/noticeapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/passwordapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connectapi/proxy"
	"github.com/counterfoil/counterfoil/internal/consoleweb"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/facade/pingone"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/handbook"
	"github.com/counterfoil/counterfoil/internal/handover"
	"github.com/counterfoil/counterfoil/internal/leakintake"
	"github.com/counterfoil/counterfoil/internal/oauth"
	"github.com/counterfoil/counterfoil/internal/scim"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// hang makes the handler: the site around everything, the environment's segment taken off, then the doors. Every
// route is registered once, for all environments.
func (h *House) hang(log *web.Log) error {
	proxies, err := web.NewProxies(h.config.TrustedProxies, h.config.ProxyHeader)
	if err != nil {
		return err
	}
	certs, err := web.NewClientCerts(h.config.ClientCertHeader)
	if err != nil {
		return err
	}
	h.metrics = web.NewMetrics()
	h.measure()
	h.measureNotices()
	site := web.NewSite(web.Options{Log: log, Metrics: h.metrics, Proxies: proxies, ClientCerts: certs, HSTS: !h.config.Dev})
	cursors, err := h.cursors()
	if err != nil {
		return err
	}
	limits, err := h.limits()
	if err != nil {
		return err
	}
	guard := &caller.Guard{Register: h.register, Tokens: h.tokens, Logon: h.logon, Refusals: h.refusals, Now: h.now, Limits: limits,
		DB: h.db, Sessions: &session.Authority{Vault: h.vault},
	}
	desk := &rest.Desk{
		DB: h.db, Register: h.register, Tokens: h.tokens, Idempotency: h.idempotency, Cursors: cursors, Now: h.now,
		Guard: guard,
	}
	mux := site.Mux()
	for _, door := range h.doors(desk, guard, cursors) {
		door.Routes(mux)
	}
	h.mailRoutes(mux, limits)
	h.serviceRoutes(mux, guard, cursors)
	h.connectRoutes(mux, limits)
	mux.HandleFunc("GET /healthz", h.healthz)
	mux.HandleFunc("GET /readyz", h.readyz)
	if h.config.MetricsListen == "" {
		mux.Handle("GET /metrics", localOnly(h.metrics.Handler(h.log)))
	}
	h.handler = h.drain.Wrap(site.Wrap(h.place(mux, desk)))
	return nil
}

// doors returns the doors that only need to be opened.
func (h *House) doors(desk *rest.Desk, guard *caller.Guard, cursors web.Cursors) []interface{ Routes(*web.Mux) } {
	tokens := &oauth.Door{
		DB: h.db, Register: h.register, Tokens: h.tokens, Logon: h.logon, Refusals: h.refusals, Now: h.now,
		MTLSBase: h.config.MTLSBaseURL, CertificateBound: h.config.AsksForCertificates(),
	}
	return []interface{ Routes(*web.Mux) }{
		tokens,
		&pingone.Door{TokenFor: tokens.TokenFor},
		&adminapi.Door{
			Desk: desk, Vault: h.vault, Environments: h.environments, APIs: h.apis, Credentials: h.credentials, Locks: h.locks,
			Fetcher: h.logon.Fetcher, Diagnose: h.diagnose, Root: h.checkRoot, Version: Version,
			Help:    adminapi.SignedInHelp{DocsURL: h.config.HelpDocsURL, ReportURL: h.config.HelpReportURL, IdeasURL: h.config.HelpIdeasURL},
			Notices: &noticeapi.Resources{Desk: desk, Webhooks: h.webhooks, Mail: h.mail, Mailbox: h.mailbox},
			Directory: &directoryapi.Resources{
				Desk: desk, Vault: h.vault, Recovery: h.recovery, Forget: password.Forget, Factors: h.factors(),
				Schemas: &schema.Authority{InUse: roll.SchemaInUse},
			},
			Passwords:   &passwordapi.Resources{Desk: desk, Passwords: h.passwords},
			Invitations: &invitationapi.Resources{Desk: desk, Invitations: h.invitations()},
			Connections: h.connections(desk),
			Ledger:      &ledgerapi.Resources{Desk: desk, Vault: h.vault, Streams: h.streams},
		},
		leakintake.New(leakintake.Door{
			DB: h.db, Vault: h.vault, Credentials: h.credentials, Register: h.register, Log: h.log,
			Keys: &leakintake.Keys{File: h.config.LeakKeysFile, URL: h.config.LeakKeysURL, Egress: h.egress, Now: h.now},
		}),
		&handover.Door{DB: h.db, Credentials: h.credentials},
		consoleweb.New(),
		handbook.New(adminapi.Document),
		&proxy.Door{Guard: guard, Ways: h.keeper, Transport: h.egress.Transport(), Now: h.now},
		&scim.Door{
			DB: h.db, Guard: guard, Cursors: cursors,
			Passwords: h.passwords,
			Sessions:  &session.Authority{Vault: h.vault},
		},
	}
}

// cursors returns the key that paging cursors are authenticated with, the same on every node.
func (h *House) cursors() (web.Cursors, error) {
	peppers := h.vault.Peppers()
	key, ok := peppers.MAC(peppers.Newest(), nil, []byte("counterfoil paging cursors"))
	if !ok {
		return web.Cursors{}, fault.New(fault.Unavailable, "the root key is not loaded")
	}
	return web.NewCursors(key), nil
}

// limits returns the bounds on how often callers come.
func (h *House) limits() (*limit.Limiter, error) {
	credential, err := limit.ParseRate(h.config.RateLimitCredential)
	if err != nil {
		return nil, err
	}
	network, err := limit.ParseRate(h.config.RateLimitAddress)
	if err != nil {
		return nil, err
	}
	return limit.New(credential, network, h.now), nil
}

// place finds the environment that a request's path lies in and takes its segment off the front.
func (h *House) place(next *web.Mux, desk *rest.Desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, path := h.register.Route(r.URL.Path)
		if r.URL.RawPath != "" && !strings.HasPrefix(path, proxy.Base) {
			// No path of ours needs escapes, and two spellings of one path are how guards are walked around. What the proxy
			// passes on is another server's path; it looks at both spellings itself.
			next.Nothing(w, path)
			return
		}
		web.Of(w).Environment = e
		if strings.HasPrefix(path, scim.Base+"/") {
			path = strings.TrimSuffix(path, "/") // some clients call collections by it
		}
		if len(path) != len(r.URL.Path) {
			inner, url := *r, *r.URL
			url.RawPath = strings.TrimPrefix(url.RawPath, strings.TrimSuffix(r.URL.Path, path))
			url.Path = path
			inner.URL = &url
			r = &inner
		}
		// An environment of another region is there for those only who can prove who they are, and only to say where.
		switch {
		case e.Elsewhere == "":
			next.ServeHTTP(w, r)
		case !next.Takes(r):
			web.WriteNothing(w)
		case r.Method == http.MethodPost && strings.HasPrefix(path, "/oauth2/"):
			next.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/api/"):
			desk.SendAway(w, r)
		case strings.HasPrefix(path, scim.Base+"/"), strings.HasPrefix(path, "/services/"):
			desk.Guard.SendAway(w, r, caller.Direct)
		default:
			web.WriteNothing(w)
		}
	})
}

// localOnly keeps a handler for callers on this machine. To everybody else there is nothing there; nor is there to
// a request that a proxy on this machine passed on, which would look local unless trusted_proxies names the proxy.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.Of(w).Remote().Unmap().IsLoopback() || passedOn(r) {
			web.WriteProblem(w, fault.New(fault.NotFound, "there is nothing under this path"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func passedOn(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

func (h *House) healthz(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }

func (h *House) readyz(w http.ResponseWriter, _ *http.Request) {
	web.NoStore(w.Header())
	if !h.Ready() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "not ready\n")
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}

// measure adds the metrics that rooms have to tell.
func (h *House) measure() {
	h.metrics.Gauge("register_age_seconds", "Age of what this node knows: time since it last heard the ledger.",
		func() float64 { return h.register.Age(h.now()).Seconds() })
	h.metrics.Gauge("ready", "Whether this node answers requests as it should.", func() float64 {
		if h.Ready() {
			return 1
		}
		return 0
	})
	h.metrics.Gauge("ledger_streams", "How many callers hear of changes as they happen.", func() float64 { return float64(h.streams.Count()) })
	h.metrics.Counter("ledger_alarms_total", "How often this node found the ledger rewritten: by a restore, a failover or tampering.",
		func() float64 { return float64(h.register.Alarms()) })
	h.metrics.Counter("database_statements_total", "Statements run for callers; none of them on the token path.",
		func() float64 { callers, _ := h.db.Statements(); return float64(callers) })
	h.metrics.Gauge("refusals_waiting", "Applications with refusals that are not written yet.",
		func() float64 { return float64(h.refusals.Waiting()) })
	h.metrics.Counter("refusals_dropped_total", "Refusals not kept, because too many applications had unwritten ones.",
		func() float64 { return float64(h.refusals.Dropped()) })
}
