package connectapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// show writes the form of the connector that was chosen, or the choice.
func (d *Door) show(w http.ResponseWriter, r *http.Request, p session.Presented, form url.Values) {
	v, err := d.Flow.Look(r.Context(), p)
	if err != nil {
		d.over(w, r, p, v, form, err)
		return
	}
	d.write(w, r, http.StatusOK, d.asking(w, p, v, form))
}

// asking is the page that asks for a connector, or for its fields.
func (d *Door) asking(w http.ResponseWriter, p session.Presented, v *session.View, form url.Values) *page {
	of := pageOf(w, p, v, form)
	of.Event = "ready"
	if len(v.Choices) == 0 {
		of.State, of.Event, of.Error = "nothing", "error", "unavailable"
		return of
	}
	of.Choice = v.Choice(form.Get("connector"))
	if of.Choice == nil && len(v.Choices) == 1 {
		of.Choice = v.Choices[0]
	}
	if of.Choice == nil {
		of.State = "choose"
		return of
	}
	of.State = "form"
	var known map[string]string
	if v.Former != nil {
		known = v.Former.Values
	}
	of.fill(known, nil)
	return of
}

// typed returns what was typed into the fields of a form.
func typed(form url.Values) map[string]string {
	all := map[string]string{}
	for name, values := range form {
		if field, ok := strings.CutPrefix(name, "f."); ok && len(values) == 1 {
			all[field] = values[0]
		}
	}
	return all
}

// try tries what was typed. What is not stored is shown again but for secrets: those are in no answer, so that no cache,
// history or extension finds one. Scripts keep them in the page.
func (d *Door) try(w http.ResponseWriter, r *http.Request, p session.Presented, form url.Values) {
	result, err := d.Flow.Try(r.Context(), p, form.Get("connector"), typed(form))
	if wrong := (provider.FieldErrors)(nil); errors.As(err, &wrong) && result != nil {
		of := d.again(w, p, result, form)
		of.refuse(wrong)
		d.write(w, r, http.StatusUnprocessableEntity, of)
		return
	}
	switch {
	case err != nil:
		d.over(w, r, p, nil, form, err)
	case result.Connection == nil:
		of := d.again(w, p, result, form)
		of.report(result.Report)
		d.write(w, r, http.StatusUnprocessableEntity, of)
	case form.Get("session") != "":
		d.finished(w, r, p, form)
	default:
		seeOther(w, place(w, result.View.ID)+"/done")
	}
}

// again is the form with what was typed.
func (d *Door) again(w http.ResponseWriter, p session.Presented, result *session.Result, form url.Values) *page {
	of := pageOf(w, p, result.View, form)
	of.State, of.Choice, of.Event = "form", result.Choice, "error"
	of.fill(result.Values, result.Notes)
	return of
}

// finished shows the end of a session, or its form if it is not there yet.
func (d *Door) finished(w http.ResponseWriter, r *http.Request, p session.Presented, form url.Values) {
	v, err := d.Flow.Look(r.Context(), p)
	if !errors.Is(err, session.ErrUsed) || v == nil || v.Made == nil {
		if err != nil {
			d.over(w, r, p, v, form, err)
		} else {
			d.write(w, r, http.StatusOK, d.asking(w, p, v, form))
		}
		return
	}
	of := pageOf(w, p, v, form)
	of.State, of.Event = "done", "connected"
	if v.Reconnect {
		of.Event = "reconnected"
	}
	of.Choice = v.Choice(v.Made.Connector.Name)
	of.Return = returnTo(v)
	of.passed(v)
	d.write(w, r, http.StatusOK, of)
}

// returnTo is the address that the page leads to in the end, which hears what was made.
func returnTo(v *session.View) string {
	u, err := url.Parse(v.ReturnTo)
	if v.ReturnTo == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("connect_session", v.ID.String())
	query.Set("connection", v.Made.ID.String())
	u.RawQuery = query.Encode()
	return u.String()
}

// over answers for a session that is at its end, in its colours, and with the page for any other error.
func (d *Door) over(w http.ResponseWriter, r *http.Request, p session.Presented, v *session.View, form url.Values, err error) {
	if v == nil && session.Over(err) && !errors.Is(err, session.ErrUnknown) {
		v, _ = d.Flow.Look(r.Context(), p)
	}
	if v == nil {
		d.fail(w, r, err)
		return
	}
	web.Of(w).Fail(err)
	of := pageOf(w, p, v, form)
	of.Event = "error"
	status := http.StatusGone
	switch {
	case errors.Is(err, session.ErrUsed):
		of.State, of.Error = "used", "session_used"
	case errors.Is(err, session.ErrTried):
		of.State, of.Error = "tried", "too_many_tries"
	default:
		of.State, of.Error = "expired", "session_expired"
	}
	d.write(w, r, status, of)
}

// fail answers with the page for an error that has no session.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	web.Of(w).Fail(err)
	p := &page{State: "broken", Event: "error", Error: "failed"}
	if id, err := uuid.Parse(r.PathValue("session")); err == nil {
		p.Session, p.Sites = id, d.sites(r, w, id)
	}
	status := http.StatusInternalServerError
	switch fault.Of(err) { //nolint:exhaustive // the others are one page
	case fault.NotFound:
		p.State, status = "unknown", http.StatusNotFound
	case fault.Invalid, fault.TooLarge:
		status = http.StatusBadRequest
	case fault.Conflict:
		p.State, status = "nothing", http.StatusConflict
	case fault.Exhausted:
		p.State, status = "busy", http.StatusTooManyRequests
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "5")
		}
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	d.write(w, r, status, p)
}

// sites returns who may frame the pages of a session that nobody has shown the token of; an error is nobody.
func (d *Door) sites(r *http.Request, w http.ResponseWriter, id uuid.UUID) (found []string) {
	_ = d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		found, err = session.Frames(tx, web.Of(w).Environment.ID, id)
		return err
	})
	return found
}
