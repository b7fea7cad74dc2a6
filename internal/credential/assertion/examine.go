package assertion

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Finding is what a trust wants of a claim and what a token has. Values come from outside, shortened and cleaned.
type Finding struct {
	Claim, Wanted, Got string
	Matches            bool
}

// Verdict is what a trust finds in a token: of each part, what is wrong, or "" if nothing is.
type Verdict struct {
	Form, Signature, Time string
	Claims                []Finding
}

// Accepted reports whether nothing is wrong.
func (v *Verdict) Accepted() bool {
	return v.Form == "" && v.Signature == "" && v.Time == "" && !slices.ContainsFunc(v.Claims, func(f Finding) bool { return !f.Matches })
}

// Examine says everything that [VerifyFederated] would find wrong with a token, not only the first. It accepts nothing and
// remembers nothing, but keys may be fetched for it as [Fetcher.Keys] does.
func (f *Fetcher) Examine(ctx context.Context, token string, source Source, trust *Trust, now time.Time) *Verdict {
	p, err := parse(token)
	if err != nil {
		return &Verdict{Form: detailOf(err)}
	}
	v := &Verdict{Claims: trust.findings(p.Claims)}
	if p.Type == clientType {
		v.Form = "a client assertion is not a token of an issuer"
	}
	keys, err := f.Keys(ctx, source, p.KeyID)
	if err == nil {
		_, err = p.verifyWith(keys, nil)
	}
	v.Signature = detailOf(err)
	v.Time = detailOf(p.checkTimes(p.assertion(), Rules{Now: now}))
	return v
}

func detailOf(err error) string {
	if err == nil {
		return ""
	}
	if r, ok := err.(*Refused); ok { //nolint:errorlint // made here, never wrapped
		return r.Detail
	}
	return said(err)
}

// findings compares what the trust wants with what a token has: iss, aud, sub, then the others by name.
func (t *Trust) findings(claims Claims) []Finding {
	var all []Finding
	add := func(claim, wanted, got string, matches bool) {
		all = append(all, Finding{Clean(claim), Clean(wanted), Clean(got), matches})
	}
	got, ok := scalar(claims, "iss")
	add("iss", t.Issuer, got, ok && got == t.Issuer)
	named, err := audience(claims)
	add("aud", t.Audience, strings.Join(named, ", "), err == nil && slices.Contains(named, t.Audience))
	got, ok = scalar(claims, "sub")
	add("sub", t.Subject, got, ok && match(t.Subject, got))
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		got, ok := "(missing)", false
		switch places := lookup(claims, name, nil); len(places) {
		case 0:
		case 1:
			got, ok = show(places[0])
		default:
			got = "(two claims have this path)"
		}
		add(name, t.Claims[name], got, ok && match(t.Claims[name], got))
	}
	return all
}
