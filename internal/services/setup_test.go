package services_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type O = housetest.O

var (
	expect  = housetest.Expect
	items   = housetest.Items
	members = housetest.Members
)

// good is a password that the policy takes.
const good = "granite otter velvet 9 harbour"

// portal is an application that people use. Its API family is all that opens user services to it.
type portal struct {
	*housetest.House
	housetest.Client
}

const target = "https://portal.example/start"

// open makes an application with targets and an origin of its own.
func open(h *housetest.House, name string) *portal {
	h.T.Helper()
	return &portal{h, h.NewApp(name, O{"target_urls": []string{"https://portal.example/start"}, "home_url": "https://portal.example/", "allowed_origins": []string{"https://portal.example"}})}
}

// ask calls a service with HTTP Basic.
func (p *portal) ask(method, path string, body any, headers ...string) *housetest.Answer {
	p.T.Helper()
	return p.Send(basic(p.House, p.Client, method, "/services"+path, body, headers...))
}

func basic(h *housetest.House, as housetest.Client, method, path string, body any, headers ...string) *http.Request {
	h.T.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			h.T.Fatal(err)
		}
		headers = append(headers, "Content-Type", "application/json")
	}
	r := h.Request(method, path, bytes.NewReader(text), headers...)
	r.SetBasicAuth(as.ID, as.Secret)
	return r
}

// user registers somebody with a password.
func (p *portal) user(name string) (id string) {
	p.T.Helper()
	return expect(p.T, p.ask("POST", "/users", O{"user_name": name, "emails": []O{{"value": name + "@example.com"}}, "password": good}), http.StatusCreated).String("id")
}

// login is a pair that may only sign people in.
func login(h *housetest.House) *portal {
	h.T.Helper()
	return pairOf(h, "authentication-only")
}

func pairOf(h *housetest.House, access string) *portal {
	h.T.Helper()
	made := h.Must("POST", "/credentials", O{"name": access + " " + uuid.NewString(), "access": access})
	return &portal{h, housetest.Client{ID: made.String("client_id"), Secret: made.String("secret")}}
}

var anyLink = regexp.MustCompile(`https?://[^\s"<]+/(activate|reset)/[^\s"<]+`)

// letters sends what is due and returns the bodies of all mails, newest first.
func letters(h *housetest.House) (all []string) {
	h.T.Helper()
	if err := h.Notice(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
	for _, mail := range items(h.T, h.Call("GET", "/mailbox", nil)) {
		number := strconv.FormatFloat(mail["number"].(float64), 'f', -1, 64)
		all = append(all, h.Must("GET", "/mailbox/"+number, nil).String("body"))
	}
	return all
}

// certificateOf gives an application a certificate of the environment's own authority, and returns it as a proxy passes it on.
func certificateOf(t *testing.T, h *housetest.House, app string) string {
	t.Helper()
	made := h.Must("POST", "/applications/"+app+"/certificates", O{"generate": true})
	block, _ := pem.Decode([]byte(made.String("certificate")))
	if block == nil {
		t.Fatal(made.Text)
	}
	return ":" + base64.StdEncoding.EncodeToString(block.Bytes) + ":"
}
