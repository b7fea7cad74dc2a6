package proof

import "encoding/json"

// Facts is what the ledger keeps of a proof: enough to know later who was let in.
type Facts struct {
	Rule      json.RawMessage   `json:"rule,omitempty"` // of a certificate
	Keys      []string          `json:"keys,omitempty"` // thumbprints (RFC 7638)
	JWKSURI   string            `json:"jwks_uri,omitempty"`
	Issuer    string            `json:"issuer,omitempty"`
	Audience  string            `json:"audience,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Claims    map[string]string `json:"claims,omitempty"`
	SingleUse bool              `json:"single_use,omitempty"`
}

// Facts returns what the ledger keeps of a proof; nil for a secret, of which there is nothing to keep.
func (p *Proof) Facts() *Facts {
	var f Facts
	source := p.Keys
	switch {
	case p.Certificate != nil:
		f.Rule = json.RawMessage(p.Certificate.Text())
		return &f
	case p.Trust != nil:
		source = &p.Trust.Keys
		f.Issuer, f.Audience, f.Subject, f.Claims, f.SingleUse = p.Trust.Issuer, p.Trust.Audience, p.Trust.Subject, p.Trust.Claims, p.Trust.SingleUse
	case source == nil:
		return nil
	}
	if f.JWKSURI = source.URI; source.Inline != nil {
		f.Keys = source.Inline.Hints()
	}
	return &f
}
