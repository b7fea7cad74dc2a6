package connectapi

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// callbackPath is where providers send people back to, at the installation's base URL.
const callbackPath = "/connect/callback"

// agreeName is the cookie that says that the browser which comes back is the one that was sent away.
func agreeName(w http.ResponseWriter) string {
	if secure(w) {
		return "__Secure-connect-agree"
	}
	return "connect-agree"
}

// agree sends a person to a provider to agree there (RFC 6749 §4.1, RFC 7636). The answer ties what comes back to this
// browser: without that, somebody who was sent away with another's session could have their agreement end up in it, or be
// made to finish one that an attacker began (RFC 9700 §4.7).
func (d *Door) agree(w http.ResponseWriter, r *http.Request, p session.Presented, form url.Values) {
	to, binder, result, err := d.Flow.Send(r.Context(), p, form.Get("connector"), typed(form))
	if wrong := (provider.FieldErrors)(nil); errors.As(err, &wrong) && result != nil {
		of := d.again(w, p, result, form)
		of.refuse(wrong)
		d.write(w, r, http.StatusUnprocessableEntity, of)
		return
	}
	if err != nil {
		d.over(w, r, p, nil, form, err)
		return
	}
	setCookie(w, result.View.ID, p.Token) // also where a frame opened this window: here it is nobody else's
	http.SetCookie(w, &http.Cookie{       //nolint:gosec // Secure is left out in dev alone, which speaks plain HTTP on this machine
		Name: agreeName(w), Value: binder.Reveal(), Path: callbackPath, HttpOnly: true, Secure: secure(w), SameSite: http.SameSiteLaxMode,
		MaxAge: int(session.AgreeTime.Seconds()),
	})
	seeOther(w, to)
}

// callback is where the provider sends a person back to. It lies in no environment: the state says which one it was.
func (d *Door) callback(w http.ResponseWriter, r *http.Request) {
	binder := ""
	if c, err := r.Cookie(agreeName(w)); err == nil {
		binder = c.Value
	}
	http.SetCookie(w, &http.Cookie{Name: agreeName(w), Path: callbackPath, HttpOnly: true, Secure: secure(w), SameSite: http.SameSiteLaxMode, MaxAge: -1}) //nolint:gosec // Secure is left out in dev alone, which speaks plain HTTP on this machine
	x, query := web.Of(w), r.URL.Query()
	p := session.Presented{Request: x.RequestID()}
	if remote := x.Remote(); remote.IsValid() {
		p.Address = remote.String()
	}
	back := session.Back{
		State: query.Get("state"), Binder: seal.NewSecret(binder), Code: seal.NewSecret(query.Get("code")), Refused: query.Get("error") != "",
	}
	environment, id, err := d.Flow.Return(r.Context(), p, back)
	if e := d.Place(environment); e != nil {
		x.Environment = e
	}
	switch {
	case err == nil:
		seeOther(w, place(w, id)+"/done")
	case errors.Is(err, session.ErrUsed):
		x.Fail(err)
		d.write(w, r, http.StatusGone, &page{State: "used"})
	case errors.Is(err, session.ErrRefused):
		x.Fail(err)
		d.write(w, r, http.StatusForbidden, &page{State: "refused", Action: place(w, id), Session: id})
	case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Conflict):
		x.Fail(err)
		d.write(w, r, http.StatusBadGateway, &page{State: "unredeemed", Action: place(w, id), Session: id})
	default:
		d.fail(w, r, err)
	}
}
