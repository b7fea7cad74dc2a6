package logon

import (
	"context"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/register"
)

// proveCertificate recognises a client certificate (RFC 8705 §2) for the client that the request names.
func (y *Authority) proveCertificate(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) (*proof.Candidate, error) {
	with, err := y.matchCertificate(ctx, e, p, client, now)
	if refused, ok := err.(*Refused); ok && refused != nil { //nolint:errorlint // made here, never wrapped
		if fresh := y.catchUp(ctx, e); fresh != nil {
			with, err = y.matchCertificate(ctx, fresh, p, client, now)
		}
	}
	return with, err
}

func (y *Authority) matchCertificate(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) (*proof.Candidate, error) {
	found, err := y.find(ctx, e, p, client)
	if err != nil {
		return nil, err
	}
	if !found || p.Certificate == nil {
		return nil, errWrong
	}
	reason := certificate.Reason("")
	for with := range p.candidates(client, proof.ByCertificate, now) {
		rule := with.Aside.Proof.Certificate
		err := certificate.Verify(p.Certificate, p.Chain, *rule, e.Authority, now)
		if err == nil {
			p.Method = register.TLS
			if rule.Method == certificate.SelfSigned {
				p.Method = register.SelfSignedTLS
			}
			return with, nil
		}
		if r, ok := err.(certificate.Reason); ok && nearerTo(r, reason) { //nolint:errorlint // Verify returns reasons only
			reason = r
		}
	}
	if reason == "" {
		return nil, errWrong
	}
	return nil, &Refused{Reason: string(reason), Detail: "the certificate is " + certificate.Hint(p.Certificate)}
}

// nearerTo says whether a reason helps an administrator more than another: of several credentials, the one that the
// certificate missed by least was meant.
func nearerTo(r, than certificate.Reason) bool {
	rank := map[certificate.Reason]int{certificate.Mismatch: 1, certificate.UnknownCA: 2, certificate.WrongName: 3}
	of := func(r certificate.Reason) int {
		if n, ok := rank[r]; ok {
			return n
		}
		return 4
	}
	return than == "" || of(r) > of(than)
}
