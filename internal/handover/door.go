package handover

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/handover"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves the hand-over pages of every environment. All of its fields are required.
type Door struct {
	DB          *db.DB
	Credentials *credential.Authority
}

// Routes registers the door's routes. Their patterns are what the request log says: a link never gets into it.
func (d *Door) Routes(m *web.Mux) {
	m.HandleFunc("GET /handover/{link}", d.ask)
	m.HandleFunc("POST /handover/{link}", d.open)
}

// linkLength is that of every link: 32 bytes in base64.
const linkLength = 43

// ask shows the button. It looks nothing up: whether a link is good is told to nobody who does not open it.
func (d *Door) ask(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, page{State: asking})
}

// open shows the secret behind a link and burns the link. The answer is written when the transaction that burnt it is
// committed, so that of two requests at once one gets the secret. A browser that says that another site made it post
// (Fetch Metadata, W3C) burns nothing: a page that knows the link could only destroy it so, but that is enough.
func (d *Door) open(w http.ResponseWriter, r *http.Request) {
	x := web.Of(w)
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		x.Reason = "cross_site"
		write(w, http.StatusForbidden, page{State: elsewhere})
		return
	}
	e, link := x.Environment, r.PathValue("link")
	handed, err := d.reveal(r, x, e, link)
	switch {
	case fault.Is(err, fault.NotFound):
		x.Fail(err)
		write(w, http.StatusNotFound, page{State: gone})
	case fault.Is(err, fault.Unavailable):
		x.Fail(err)
		w.Header().Set("Retry-After", "5")
		write(w, http.StatusServiceUnavailable, page{State: later})
	case err != nil:
		x.Fail(err)
		write(w, http.StatusInternalServerError, page{State: later})
	default:
		x.ClientID = handed.Application
		write(w, http.StatusOK, page{
			State: opened, ClientID: handed.Application.String(), Secret: handed.Secret.Reveal(), TokenURL: e.Issuer + "/oauth2/token",
		})
	}
}

var errNoLink = fault.New(fault.NotFound, "there is no such link")

func (d *Door) reveal(r *http.Request, x *web.Exchange, e *register.Environment, link string) (handed *handover.Handed, err error) {
	if len(link) != linkLength || e.ID == uuid.Nil || !e.Enabled {
		return nil, errNoLink
	}
	who := ledger.Who{Kind: "link", ID: "handover", Request: x.RequestID()}
	if remote := x.Remote(); remote.IsValid() {
		who.Address = remote.String()
	}
	err = d.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		handed, err = handover.Open(tx, d.Credentials.Vault, e.ID, who, link)
		return err
	})
	if err != nil {
		return nil, err // and with it whatever was opened in a transaction that did not commit
	}
	return handed, nil
}
