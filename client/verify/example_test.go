package verify_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/counterfoil/counterfoil/client/verify"
)

// An API that lets callers in who have a token for it with the right scope.
func ExampleRequire() {
	tokens, err := verify.NewOffline(verify.OfflineOptions{
		Issuer:   "https://auth.example",
		Audience: "https://invoices.example",
	})
	if err != nil {
		log.Fatal(err)
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := verify.FromContext(r.Context())
		_, _ = fmt.Fprintln(w, "invoices for", token.ClientID)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", verify.Require(tokens, "invoices:read")(list))
}
