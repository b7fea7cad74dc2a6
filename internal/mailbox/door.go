package mailbox

import (
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves the mails of every environment. All of its fields are required.
type Door struct {
	DB  *db.DB
	Box *mail.Mailbox
	// Host is the host of the base URL, without a port.
	Host string
	// Local keeps a handler for callers on this machine.
	Local func(http.Handler) http.Handler
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	m.Handle("GET /mailbox", d.Local(d.named(d.list)))
	m.Handle("GET /mailbox/{mail}", d.Local(d.named(d.show)))
}

// named refuses a request that reached this machine under a foreign name: a page of somebody else's, whose name leads here
// by now, could read the answer.
func (d *Door) named(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		address, err := netip.ParseAddr(host)
		if host != d.Host && host != "localhost" && (err != nil || !address.IsLoopback()) {
			web.WriteNothing(w)
			return
		}
		next(w, r)
	})
}

// page is what is put into the template: all mails, or one.
type page struct {
	Environment string
	Mails       []mail.Kept
	One         *mail.Kept
	Text        []piece
}

// piece is some text of a mail, or a link in it.
type piece struct{ Text, Link string }

var links = regexp.MustCompile(`https?://[^\s<>"]+`)

// pieces takes a text apart into links and what is between them.
func pieces(text string) (all []piece) {
	from := 0
	for _, at := range links.FindAllStringIndex(text, -1) {
		all = append(all, piece{Text: text[from:at[0]]}, piece{Link: text[at[0]:at[1]]})
		from = at[1]
	}
	return append(all, piece{Text: text[from:]})
}

func (d *Door) list(w http.ResponseWriter, r *http.Request) {
	x := web.Of(w)
	operator := access.Operator(x.Environment.ID)
	var all []mail.Kept
	err := d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		all, err = d.Box.List(tx, &operator)
		return err
	})
	write(w, page{Environment: x.Environment.Issuer, Mails: all}, err)
}

func (d *Door) show(w http.ResponseWriter, r *http.Request) {
	x := web.Of(w)
	operator := access.Operator(x.Environment.ID)
	var one mail.Kept
	number, err := strconv.ParseInt(r.PathValue("mail"), 10, 64)
	if err != nil {
		err = fault.New(fault.NotFound, "mails have numbers")
	} else {
		err = d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
			one, err = d.Box.Get(tx, &operator, number)
			return err
		})
	}
	write(w, page{Environment: x.Environment.Issuer, One: &one, Text: pieces(one.Body)}, err)
}

var (
	//go:embed page.html
	source string
	//go:embed page.css
	style string

	pages = template.Must(template.New("page").Parse(source))
	// The frame with a mail has this page's policy (CSP Level 3 §7.8), so it may have the style attributes that mails need.
	policy = "default-src 'none'; style-src " + web.HashSource(style) + "; style-src-attr 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

func write(w http.ResponseWriter, p page, err error) {
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	web.WritePage(w, http.StatusOK, policy, pages, struct {
		page
		Style template.CSS
	}{p, template.CSS(style)}) // #nosec G203 -- our own, and bound by its hash
}
