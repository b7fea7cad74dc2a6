// Package verify guards a net/http resource server with access tokens issued by Counterfoil.
//
//	tokens, err := verify.NewOffline(verify.OfflineOptions{
//		Issuer:   "https://auth.example",
//		Audience: "https://invoices.example",
//	})
//	mux.Handle("GET /invoices", verify.Require(tokens, "invoices:read")(list))
//
// and inside the handler
//
//	token, _ := verify.FromContext(r.Context())
//
// There are two ways to check a token, and they differ in when a revocation is seen:
//
//   - [Offline] checks signatures with the issuer's published keys. No request leaves the process per token and
//     the issuer may be away. A revoked token, or one of a disabled application, is accepted until it expires:
//     at most the API's token lifetime (10 minutes unless configured otherwise) plus the leeway.
//   - [Introspection] asks the issuer and remembers its yes for at most [IntrospectionOptions.CacheTTL], 5 seconds
//     unless configured otherwise. A revocation is seen after that time plus the issuer's own bound (at once on
//     the node that took it, within 5 seconds on the others). While the issuer is away, requests get 503.
//     It is the only way to check opaque handles.
//
// The package takes tokens from the Authorization header only (RFC 6750 §2.1): tokens in the query end up in
// logs and histories, and form bodies belong to the handler.
package verify
