package pingone

import (
	"net/http"
	"strings"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves PingOne's token path for every environment. The server takes the environment's id off the path before
// routes are looked up; PingOne's form for domains of one's own has none either.
type Door struct {
	// TokenFor makes a token endpoint for clients of one kind that authenticate themselves by one of methods, whose
	// refusals are in the words of describe.
	TokenFor func(kind application.Kind, methods register.Methods, describe func(reason, sentence, requestID string) string) http.Handler
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	token := d.TokenFor(application.Worker, register.Basic|register.Post, describe)
	m.HandleFunc("POST /as/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Correlation-Id", web.Of(w).RequestID())
		token.ServeHTTP(w, r)
	})
}

// words are PingOne's for reasons that programs look for.
var words = map[string]string{
	"client_authentication_failed": "Invalid client credentials",
	"method_not_allowed":           "Unsupported authentication method",
}

// describe words a refusal as PingOne does; what PingOne has no known words for is said in ours.
func describe(reason, sentence, requestID string) string {
	said, known := words[reason]
	if !known {
		said = strings.TrimSuffix(sentence, ".")
	}
	return "Request denied: " + said + " (Correlation ID: " + requestID + ")"
}
