package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// house is a running Counterfoil with its data.
type house struct {
	*process
	data string // folder of the database and the root key
}

// The APIs that tokens are asked for, by the name of what differs between them.
var apis = []struct{ name, format, alg string }{
	{"es256", "jwt", "ES256"},
	{"eddsa", "jwt", "EdDSA"},
	{"handle", "handle", "ES256"},
}

// clientCount is how many clients really exist, with secrets that are known; every token row walks through all
// of them. What stands beside them in the scale rows is put there by bench/seed and only has to be carried.
const clientCount = 1000

// tokenLifetime, in seconds, is longer than any run: warm tokens must stay active. Nothing is stored per token,
// so it costs the server nothing.
const tokenLifetime = 12 * 3600

// population is who was created over the API.
type population struct {
	clients []string // Authorization values
	first   string   // the client id that bench/seed copies
	gateway string   // Authorization value of the one who introspects
	links   links
	kinds   kinds // clients that prove themselves by something else than a generated secret
}

// apiClient is used for everything but the load itself.
var apiClient = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: workers}}

// workers is how many requests are prepared at once.
const workers = 32

// startHouse starts Counterfoil as it is configured by default, on the data folder, and returns when it is ready.
func (b *bench) startHouse(ctx context.Context, name, data string) (*house, error) {
	h, err := b.launchHouse(name, data)
	if err == nil {
		err = h.await(ctx, "/readyz", patience)
	}
	if err != nil {
		if h != nil {
			h.stop()
		}
		return nil, err
	}
	return h, nil
}

// launchHouse starts it without waiting.
func (b *bench) launchHouse(name, data string) (*house, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	program, err := filepath.Abs(b.server)
	if err != nil {
		return nil, err
	}
	// --dev keeps a context for the CLI; it goes into the run's folder, not into that of the user.
	env := []string{"XDG_CONFIG_HOME=" + b.config()}
	p, err := start(b.work, name, "http://"+address, env, program, "serve", "--dev", "--listen", address, "--data", data, "--log-file", "/dev/stderr",
		"--trusted-proxies", "127.0.0.1", "--client-cert-header", "rfc9440", // wrk speaks no TLS: certificates come as a proxy sends them
		"--egress-allow", b.far.address, "--egress-root", b.far.root,
		// One machine asks here what thousands would: the bounds stay, and are counted, but are not met.
		"--rate-limit-credential", "1000000/5000000", "--rate-limit-address", "1000000/5000000")
	if err != nil {
		return nil, err
	}
	return &house{process: p, data: data}, nil
}

// populate creates the APIs, the thousand clients and the gateway, over the management API.
func (b *bench) populate(ctx context.Context, h *house) (*population, error) {
	bearer, err := h.administer(ctx, b.config())
	if err != nil {
		return nil, fmt.Errorf("log in to the management API: %w", err)
	}
	var scopes, names []string
	for _, a := range apis {
		names, scopes = append(names, a.name), append(scopes, a.name+":use")
		err := h.create(ctx, bearer, "/api/v1/apis", map[string]any{
			"name": a.name, "audience": "https://" + a.name + ".bench.example", "token_format": a.format, "signing_alg": a.alg,
			"scopes": []map[string]string{{"name": a.name + ":use"}}, "token_lifetime": tokenLifetime,
		}, nil)
		if err != nil {
			return nil, err
		}
	}
	people := &population{clients: make([]string, clientCount)}
	ids := make([]string, clientCount)
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range clientCount {
		group.Go(func() (err error) {
			ids[i], people.clients[i], err = h.application(ctx, bearer, map[string]any{
				"name": fmt.Sprintf("client %04d", i), "scopes": scopes, "secret": map[string]any{},
			})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	people.first = ids[0]
	_, people.gateway, err = h.application(ctx, bearer, map[string]any{
		"name": "gateway", "scopes": []string{}, "introspects": names, "secret": map[string]any{},
	})
	if err == nil {
		err = h.populateKinds(ctx, bearer, &people.kinds)
	}
	if err == nil {
		err = b.populateLinks(ctx, h, bearer, &people.links)
	}
	return people, err
}

// config is the folder in which --dev keeps the context of the CLI.
func (b *bench) config() string { return filepath.Join(b.work, "config") }

// administer exchanges the credential that --dev saved for a token of the management API.
func (h *house) administer(ctx context.Context, config string) (string, error) {
	path := filepath.Join(config, "counterfoil", "contexts.json")
	text, err := os.ReadFile(path)
	for range 50 { // it is written a moment after the server is ready
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return "", err
	}
	var saved struct {
		Current  string
		Contexts map[string]struct {
			ClientID     string `json:"client_id"`
			ClientSecret string `json:"client_secret"`
		}
	}
	if err := json.Unmarshal(text, &saved); err != nil {
		return "", err
	}
	admin := saved.Contexts[saved.Current]
	return h.token(ctx, request{
		authorization: basic(admin.ClientID, admin.ClientSecret),
		body:          tokenForm("apis:write", "applications:write", "credentials:write", "policy:write", "connections:write", "connections:use"),
	})
}

// application creates one and returns its client id and Authorization value.
func (h *house) application(ctx context.Context, bearer string, body any) (id, authorization string, err error) {
	var created struct {
		ClientID string `json:"client_id"`
		Secret   struct{ Secret string }
	}
	err = h.create(ctx, bearer, "/api/v1/applications", body, &created)
	return created.ClientID, basic(created.ClientID, created.Secret.Secret), err
}

func (h *house) create(ctx context.Context, bearer, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return h.post(ctx, path, "application/json", "Bearer "+bearer, text, into)
}

// token asks for a token and returns it.
func (h *house) token(ctx context.Context, r request) (string, error) {
	var answer struct {
		Token string `json:"access_token"`
	}
	err := h.post(ctx, "/oauth2/token", "application/x-www-form-urlencoded", r.authorization, []byte(r.body), &answer)
	if err == nil && answer.Token == "" {
		err = errors.New("the token answer holds no token")
	}
	return answer.Token, err
}

// tokens asks for n distinct tokens of an API, walking through the clients.
func (h *house) tokens(ctx context.Context, people *population, api string, n int) ([]string, error) {
	all := make([]string, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range n {
		group.Go(func() (err error) {
			all[i], err = h.token(ctx, request{authorization: people.clients[i%clientCount], body: tokenForm(api + ":use")})
			return err
		})
	}
	return all, group.Wait()
}

func (h *house) post(ctx context.Context, path, contentType, authorization string, body []byte, into any) error {
	return h.send(ctx, http.MethodPost, path, contentType, authorization, body, into)
}

func (h *house) get(ctx context.Context, path string, into any) error {
	return h.send(ctx, http.MethodGet, path, "", "", nil, into)
}

func (h *house) send(ctx context.Context, method, path, contentType, authorization string, body []byte, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, h.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if authorization != "" {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", authorization)
	}
	response, err := apiClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// copyData copies the data folder of a stopped house, modes included: the root key is refused when others may
// read it.
func copyData(ctx context.Context, from, to string) error {
	if output, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the data folder: %w: %s", err, output)
	}
	return nil
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func tokenForm(scopes ...string) string {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(scopes, " ")}}.Encode()
}
