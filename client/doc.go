// Package client administers a Counterfoil environment from Go.
//
// A [Client] speaks the management API (/api/v1) of one environment. It fetches and renews its own access token,
// pages through lists, repeats what is safe to repeat, and returns every refusal as a [*Problem].
//
//	c, err := client.New(client.Options{
//		BaseURL:      "https://auth.example",
//		ClientID:     os.Getenv("CLIENT_ID"),
//		ClientSecret: client.NewSecret(os.Getenv("CLIENT_SECRET")),
//	})
//	made, err := c.CreateApplication(ctx, client.NewApplication{
//		Name: "billing", Scopes: []string{"invoices:read"},
//		Secret: &client.NewApplicationSecret{Description: "first"},
//	})
//	fmt.Println(made.ClientID, made.Secret.Secret.Reveal())
//
// Programs that only need an access token for some API call [RequestToken]. Programs that guard an API use the
// package verify beside this one; it needs no management authority.
//
// Nothing here depends on the server's own packages: what a caller sees is the documented wire, no more.
package client
