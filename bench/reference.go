package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"math/big"
	"net/http"
	"runtime/metrics"
	"strings"
	"sync"
)

// The client that the limit server knows.
const (
	limitClient = "5f0c9a52-6a0b-4d86-a5a8-5d6f0a4f1f27"
	limitSecret = "cfs_0123456789012345678901234567890123456789012abcdef"
)

// floorAnswer is 300 bytes, about as long as a handle's token response or an introspection response.
var floorAnswer = func() []byte {
	const frame = `{"floor":""}`
	return []byte(frame[:10] + strings.Repeat("x", 300-len(frame)) + frame[10:])
}()

// serveFloor serves a fixed answer: what net/http itself costs on this machine, now.
func serveFloor(args []string) error {
	flags := flag.NewFlagSet("serve-floor", flag.ContinueOnError)
	listen := flags.String("listen", "", "host:port")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return http.ListenAndServe(*listen, floorHandler())
}

func floorHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { answer(w, floorAnswer) })
	mux.HandleFunc("/metrics", showSettings)
	return mux
}

// serveLimit serves what a token server cannot do without, and nothing else.
func serveLimit(args []string) error {
	flags := flag.NewFlagSet("serve-limit", flag.ContinueOnError)
	listen := flags.String("listen", "", "host:port")
	alg := flags.String("alg", "ES256", "ES256 or EdDSA")
	if err := flags.Parse(args); err != nil {
		return err
	}
	key, err := newLimitKey(*alg)
	if err != nil {
		return err
	}
	return http.ListenAndServe(*listen, limitHandler(key))
}

// limitHandler answers token requests with one HMAC and one signature, and introspection requests with one
// verification. It looks at no form field, checks no claim and builds no JSON: the payload is encoded once.
// Whoever signs per request and speaks net/http cannot be faster.
func limitHandler(key limitKey) http.Handler {
	macs := sync.Pool{New: func() any { return hmac.New(sha256.New, []byte("the pepper")) }}
	mac := func(dst []byte, secret string) []byte {
		state := macs.Get().(hash.Hash)
		defer macs.Put(state)
		state.Reset()
		_, _ = io.WriteString(state, secret)
		return state.Sum(dst)
	}
	stored := mac(nil, limitSecret)
	input := limitSigningInput(key.alg())

	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		_, secret, _ := r.BasicAuth()
		if !hmac.Equal(mac(make([]byte, 0, sha256.Size), secret), stored) {
			http.Error(w, "wrong secret", http.StatusUnauthorized)
			return
		}
		body := make([]byte, 0, 1024)
		body = append(body, `{"access_token":"`...)
		body = append(body, input...)
		body = append(body, '.')
		body = base64.RawURLEncoding.AppendEncode(body, key.sign(input))
		body = append(body, `","token_type":"Bearer","expires_in":600}`...)
		answer(w, body)
	})
	active := []byte(`{"active":true,` + string(floorAnswer[1:]))
	mux.HandleFunc("POST /oauth2/introspect", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8192))
		token, ok := bytes.CutPrefix(body, []byte("token="))
		if err != nil || !ok || !verifyToken(key, token) {
			http.Error(w, `{"active":false}`, http.StatusBadRequest)
			return
		}
		answer(w, active)
	})
	mux.HandleFunc("GET /metrics", showSettings)
	return mux
}

// limitSigningInput is a header and payload of the shape and size that RFC 9068 leads to.
func limitSigningInput(alg string) []byte {
	header := fmt.Sprintf(`{"alg":%q,"kid":"q2ZxG0mXr4b1yX0l","typ":"at+jwt"}`, alg)
	const payload = `{"iss":"http://127.0.0.1:8700","sub":"` + limitClient + `","aud":"https://es256.bench.example",` +
		`"client_id":"` + limitClient + `","exp":1800000600,"iat":1800000000,"jti":"AAECAwQFBgcICQoLDA0ODw",` +
		`"scope":"es256:use","cid":"0b6c2f4e-6b55-4f3b-9d4c-0e7a0d1c2b3a","ep":"1.1.1.1"}`
	return []byte(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload)))
}

func verifyToken(key limitKey, token []byte) bool {
	dot := bytes.LastIndexByte(token, '.')
	if dot < 0 {
		return false
	}
	signature, err := base64.RawURLEncoding.AppendDecode(make([]byte, 0, 64), token[dot+1:])
	return err == nil && key.verify(token[:dot], signature)
}

func answer(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = []string{"application/json"}
	_, _ = w.Write(body)
}

// limitKey signs and verifies as a JWS does (RFC 7518 §3.4, RFC 8037 §3.1): signatures of 64 bytes.
type limitKey interface {
	alg() string
	sign(input []byte) []byte
	verify(input, signature []byte) bool
}

func newLimitKey(alg string) (limitKey, error) {
	switch alg {
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return es256Key{key}, err
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return eddsaKey{key}, err
	}
	return nil, errors.New("-alg is ES256 or EdDSA")
}

type es256Key struct{ *ecdsa.PrivateKey }

func (es256Key) alg() string { return "ES256" }

func (k es256Key) sign(input []byte) []byte {
	digest := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, k.PrivateKey, digest[:])
	if err != nil {
		panic(err) // a fresh P-256 key signs any digest
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

func (k es256Key) verify(input, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256(input)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(&k.PublicKey, digest[:], r, s)
}

type eddsaKey struct{ ed25519.PrivateKey }

func (eddsaKey) alg() string { return "EdDSA" }

func (k eddsaKey) sign(input []byte) []byte { return ed25519.Sign(k.PrivateKey, input) }

func (k eddsaKey) verify(input, signature []byte) bool {
	return ed25519.VerifyWithOptions(k.Public().(ed25519.PublicKey), input, signature, &ed25519.Options{Hash: crypto.Hash(0)}) == nil
}

// runtimeSettings are the runtime's metrics that the report prints, by the names that Prometheus' Go collector
// gives them, so that one reader serves these servers and Counterfoil.
var runtimeSettings = []struct{ metric, exposed string }{
	{"/gc/gogc:percent", "go_gc_gogc_percent"},
	{"/gc/gomemlimit:bytes", "go_gc_gomemlimit_bytes"},
	{"/sched/gomaxprocs:threads", "go_sched_gomaxprocs_threads"},
}

func showSettings(w http.ResponseWriter, _ *http.Request) {
	for _, s := range runtimeSettings {
		sample := []metrics.Sample{{Name: s.metric}}
		metrics.Read(sample)
		_, _ = fmt.Fprintf(w, "%s %d\n", s.exposed, sample[0].Value.Uint64())
	}
}
