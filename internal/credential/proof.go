package credential

import (
	"encoding/json"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
)

// Proof is what recognises a credential that is no generated secret. Nothing in it is secret, and it never changes: it
// is replaced.
type Proof struct {
	// Params are what a chosen secret is derived with, the same for all chosen secrets of an application.
	Params *chosen.Params
	// Certificate says which certificates prove it; PEM is the one that was uploaded or issued, if it was one.
	Certificate *certificate.Rule
	PEM         string
}

// storedProof is a proof in a row.
type storedProof struct {
	Params string `json:"params,omitempty"`
	Rule   string `json:"rule,omitempty"`
	PEM    string `json:"pem,omitempty"`
}

// text is the form in which rows keep a proof; empty for none.
func (p *Proof) text() (string, error) {
	var s storedProof
	if p.Params != nil {
		s.Params = p.Params.String()
	}
	if p.Certificate != nil {
		s.Rule, s.PEM = p.Certificate.Text(), p.PEM
	}
	if s == (storedProof{}) {
		return "", nil
	}
	text, err := json.Marshal(s)
	return string(text), err
}

func parseProof(text string) (p Proof, err error) {
	if text == "" {
		return p, nil
	}
	var s storedProof
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return p, err
	}
	if s.Params != "" {
		if p.Params, err = chosen.ParseParams(s.Params); err != nil {
			return p, err
		}
	}
	if s.Rule != "" {
		rule, err := certificate.ParseRule(s.Rule)
		if err != nil {
			return p, err
		}
		p.Certificate, p.PEM = &rule, s.PEM
	}
	return p, nil
}

// notAfter is when what proves the credential expires by itself; zero if it does not.
func (p *Proof) notAfter() time.Time {
	if p.PEM == "" {
		return time.Time{}
	}
	leaf, _, err := certificate.Parse([]byte(p.PEM))
	if err != nil {
		return time.Time{}
	}
	return leaf.NotAfter.UTC()
}
