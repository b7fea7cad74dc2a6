package proof

import (
	"encoding/json"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
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
	// Keys are the public keys of a JWT key, given or fetched.
	Keys *assertion.Source
	// Trust says which tokens of another issuer prove it.
	Trust *Trust
}

// Trust is trust in another issuer: whose tokens, and where its keys are.
type Trust struct {
	assertion.Trust
	Keys assertion.Source
	// SingleUse accepts each token once; by default it is good until it expires, as its issuer meant it.
	SingleUse bool
}

// storedProof is a proof in a row.
type storedProof struct {
	Params string `json:"params,omitempty"`
	Rule   string `json:"rule,omitempty"`
	PEM    string `json:"pem,omitempty"`

	JWKS    string `json:"jwks,omitempty"`
	JWKSURI string `json:"jwks_uri,omitempty"`

	Issuer    string            `json:"issuer,omitempty"` // of a trust
	Audience  string            `json:"audience,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Claims    map[string]string `json:"claims,omitempty"`
	SingleUse bool              `json:"single_use,omitempty"`
}

func (s *storedProof) putSource(source *assertion.Source) {
	if s.JWKSURI = source.URI; source.Inline != nil {
		s.JWKS = source.Inline.Text()
	}
}

// source is the reverse of putSource; a trust whose keys are neither given nor at an address of their own discovers them.
func (s *storedProof) source() (source assertion.Source, err error) {
	switch {
	case s.JWKS != "":
		source.Inline, err = assertion.ParseJWKS([]byte(s.JWKS))
	case s.JWKSURI != "":
		source.URI = s.JWKSURI
	default:
		source.Issuer = s.Issuer
	}
	return source, err
}

// Text is the form in which rows keep a proof; empty for none.
func (p *Proof) Text() (string, error) {
	var s storedProof
	if p.Params != nil {
		s.Params = p.Params.String()
	}
	if p.Certificate != nil {
		s.Rule, s.PEM = p.Certificate.Text(), p.PEM
	}
	if p.Keys != nil {
		s.putSource(p.Keys)
	}
	if t := p.Trust; t != nil {
		s.putSource(&t.Keys)
		s.Issuer, s.Audience, s.Subject, s.Claims, s.SingleUse = t.Issuer, t.Audience, t.Subject, t.Claims, t.SingleUse
	}
	if p.empty() {
		return "", nil
	}
	text, err := json.Marshal(s)
	return string(text), err
}

// Parse is the reverse of [Proof.Text].
func Parse(text string) (p Proof, err error) {
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
	if s.JWKS == "" && s.JWKSURI == "" && s.Issuer == "" {
		return p, nil
	}
	source, err := s.source()
	if err != nil {
		return p, err
	}
	if s.Issuer == "" {
		p.Keys = &source
	} else {
		trust := assertion.Trust{Issuer: s.Issuer, Audience: s.Audience, Subject: s.Subject, Claims: s.Claims}
		p.Trust = &Trust{Trust: trust, Keys: source, SingleUse: s.SingleUse}
	}
	return p, nil
}

func (p *Proof) empty() bool {
	return p.Params == nil && p.Certificate == nil && p.Keys == nil && p.Trust == nil
}

// NotAfter is when what proves the credential expires by itself; zero if it does not.
func (p *Proof) NotAfter() time.Time {
	if p.PEM == "" {
		return time.Time{}
	}
	leaf, _, err := certificate.Parse([]byte(p.PEM))
	if err != nil {
		return time.Time{}
	}
	return leaf.NotAfter.UTC()
}
