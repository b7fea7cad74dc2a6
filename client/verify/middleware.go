package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
)

// Require returns middleware that lets a request through when it carries a token that v accepts and that has
// every scope named. Other requests are answered as RFC 6750 §3 says: 401 without a usable token, 403 with
// "insufficient_scope", 400 when the Authorization header itself is malformed or there are two; and 503 when the
// token could not be checked, which is logged with [slog.Default]. A token that is bound to a certificate is usable
// only over a TLS connection on which the client has proven that certificate; see [Guard] for what stands behind a proxy.
//
// It panics when a scope is not one word of RFC 6749 §3.3, which is a mistake in the program.
func Require(v Verifier, scopes ...string) func(http.Handler) http.Handler {
	return Guard{Verifier: v}.Require(scopes...)
}

// Guard makes middleware, and knows where the certificates of clients are.
type Guard struct {
	// Verifier checks tokens.
	Verifier Verifier
	// Certificate returns the certificate that the client of a request has proven to have the key of, or nil. Nil stands
	// for that of the TLS connection, for which the server must ask ([tls.RequestClientCert] is enough); behind a proxy
	// that ends TLS it is [ClientCertHeader].
	Certificate func(*http.Request) *x509.Certificate
}

// Require is the function [Require] with what the guard says.
func (g Guard) Require(scopes ...string) func(http.Handler) http.Handler {
	for _, s := range scopes {
		if !validScope(s) {
			panic(fmt.Sprintf("verify: %q is not a scope", s))
		}
	}
	certificate := g.Certificate
	if certificate == nil {
		certificate = ofConnection
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, status := bearer(r.Header)
			if status != 0 {
				challenge(w, status, scopes)
				return
			}
			token, err := g.Verifier.Verify(r.Context(), raw)
			if err == nil {
				err = token.Proven(certificate(r))
			}
			switch {
			case err == nil && missing(token, scopes):
				challenge(w, http.StatusForbidden, scopes)
			case err == nil:
				next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), token)))
			case errors.Is(err, ErrInvalid):
				challenge(w, http.StatusUnauthorized, scopes, refusedChallenge)
			default:
				if r.Context().Err() == nil {
					slog.ErrorContext(r.Context(), "access token could not be checked", "error", err)
				}
				w.Header().Set("Retry-After", "1")
				http.Error(w, "the access token cannot be checked at the moment", http.StatusServiceUnavailable)
			}
		})
	}
}

func missing(token *Token, scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return !token.May(s) })
}

// bearer takes the token out of the header, or returns the status of the refusal. Two Authorization headers are
// refused rather than one of them chosen: a proxy in front may have looked at the other.
func bearer(h http.Header) (token string, status int) {
	values := h.Values("Authorization")
	if len(values) > 1 {
		return "", http.StatusBadRequest
	}
	if len(values) == 0 {
		return "", http.StatusUnauthorized
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", http.StatusUnauthorized
	}
	token = strings.TrimLeft(token, " ")
	if !found || token == "" || strings.ContainsFunc(token, notToken) {
		return "", http.StatusBadRequest
	}
	return token, 0
}

// notToken reports a character outside b64token (RFC 6750 §2.1).
func notToken(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	return !letter && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/=", c)
}

// validScope reports whether s is a scope-token (RFC 6749 §3.3), which needs no escaping between quotes.
func validScope(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
}

const refusedChallenge = `error="invalid_token", error_description="the access token is expired, revoked or not for this API"`

// challenge answers with WWW-Authenticate (RFC 6750 §3). A request without any token gets no error code.
func challenge(w http.ResponseWriter, status int, scopes []string, parts ...string) {
	switch status {
	case http.StatusForbidden:
		parts = append(parts, `error="insufficient_scope", error_description="the access token lacks a scope"`)
	case http.StatusBadRequest:
		parts = append(parts, `error="invalid_request", error_description="send one Authorization header with one bearer token"`)
	}
	if len(scopes) > 0 {
		parts = append(parts, `scope="`+strings.Join(scopes, " ")+`"`)
	}
	value := "Bearer"
	if len(parts) > 0 {
		value += " " + strings.Join(parts, ", ")
	}
	w.Header().Set("WWW-Authenticate", value)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}
