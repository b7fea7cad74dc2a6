package leakintake

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/leak"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door takes alerts. All of its fields are required; [New] makes one.
type Door struct {
	DB          *db.DB
	Vault       *seal.Vault
	Credentials *credential.Authority
	Register    *register.Register
	Keys        *Keys
	Log         *slog.Logger

	reading, acting chan struct{}
}

const (
	// maxReading is how many alerts may be on their way in at once, of 1 MiB each; more are told to come back.
	maxReading = 32
	// maxActing is how many may look for credentials at once, so that they never starve the rest.
	maxActing = 2
	// readTime is how long a body may take.
	readTime = 10 * time.Second
	reporter = "github"
)

// New returns a door with what it bounds itself by.
func New(d Door) *Door {
	d.reading, d.acting = make(chan struct{}, maxReading), make(chan struct{}, maxActing)
	return &d
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) { m.HandleFunc("POST /leaks/github", d.github) }

func (d *Door) github(w http.ResponseWriter, r *http.Request) {
	select {
	case d.reading <- struct{}{}:
		defer func() { <-d.reading }()
	default:
		web.WriteProblem(w, fault.New(fault.Exhausted, "too many alerts come at once; try again in a moment"))
		return
	}
	verdicts, err := d.receive(w, r)
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			w.Header().Set("WWW-Authenticate", "Signature") // there is no token to come with
		}
		web.WriteProblem(w, err)
		return
	}
	h := w.Header()
	web.NoStore(h)
	web.JSON(h)
	web.Inert(h)
	_ = json.NewEncoder(w).Encode(verdicts) // the caller has gone
}

// receive reads an alert, believes it if it is signed, and deals with its reports.
func (d *Door) receive(w http.ResponseWriter, r *http.Request) ([]leak.Verdict, error) {
	if !web.Of(w).Environment.Default {
		return nil, fault.New(fault.NotFound, "alerts are for the whole installation: send them without an environment in the path")
	}
	id, signature := r.Header.Get("Github-Public-Key-Identifier"), r.Header.Get("Github-Public-Key-Signature")
	if id == "" || signature == "" {
		return nil, fault.New(fault.Unauthenticated, "an alert comes with the headers Github-Public-Key-Identifier and Github-Public-Key-Signature")
	}
	keys, err := d.Keys.For(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if !keys.Knows(id) {
		// In the words that a bad signature gets, without reading what may be a megabyte.
		return nil, leak.VerifySignature(keys, id, signature, nil)
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime)) // not every server can; then its own bound counts
	body, err := web.ReadBody(r, nil, leak.AlertMost)
	if err != nil {
		return nil, err
	}
	if err := leak.VerifySignature(keys, id, signature, body); err != nil {
		return nil, err
	}
	reports, err := leak.ParseAlert(body)
	if err != nil {
		return nil, err
	}
	select {
	case d.acting <- struct{}{}:
		defer func() { <-d.acting }()
	case <-r.Context().Done():
		return nil, fault.Wrap(fault.Unavailable, r.Context().Err(), "the caller did not wait")
	}
	return d.deal(r.Context(), reports)
}

// deal answers every report. When the database fails on the way nothing of what was done is undone, and the partner, who
// hears 503, sends the alert again.
func (d *Door) deal(ctx context.Context, reports []leak.Report) ([]leak.Verdict, error) {
	verdicts := make([]leak.Verdict, 0, len(reports))
	var changed []uuid.UUID
	defer func() {
		for _, environment := range changed {
			d.Register.Settle(ctx, environment)
		}
	}()
	for _, report := range reports {
		environments, issued, err := d.expose(ctx, report)
		if err != nil {
			return nil, err
		}
		for _, environment := range environments {
			if !slices.Contains(changed, environment) {
				changed = append(changed, environment)
			}
		}
		verdicts = append(verdicts, leak.Answer(report, issued))
	}
	return verdicts, nil
}

// expose looks a report's secret up and acts on the credential whose it is. It returns where something changed.
func (d *Door) expose(ctx context.Context, report leak.Report) (changed []uuid.UUID, issued bool, err error) {
	if !report.Generated() {
		return nil, false, nil
	}
	var found []*credential.Credential
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = credential.FindLeaked(tx, d.Vault, uuid.Nil, report.Token)
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	where := credential.Exposure{Reporter: reporter, Source: report.Source, URL: report.URL}
	for _, c := range found {
		var news bool
		err := d.DB.Write(ctx, func(tx *db.Tx) error {
			news, err = d.Credentials.Expose(tx, c, where)
			return err
		})
		if err != nil {
			return changed, true, err
		}
		if news {
			d.Log.Warn("a secret was found in public", "environment", c.Environment, "client_id", c.Application, "credential", c.ID, "source", report.Source)
			changed = append(changed, c.Environment)
		}
	}
	return changed, true, nil
}
