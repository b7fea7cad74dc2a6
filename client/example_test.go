package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/counterfoil/counterfoil/client"
)

// An application is made with its first secret in one request; the secret is in this answer and nowhere else.
func ExampleClient_CreateApplication() {
	ctx := context.Background()
	c, err := client.New(client.Options{
		BaseURL:      "https://auth.example",
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: client.NewSecret(os.Getenv("CLIENT_SECRET")),
	})
	if err != nil {
		log.Fatal(err)
	}
	expires := time.Now().AddDate(0, 3, 0)
	made, err := c.CreateApplication(ctx, client.NewApplication{
		Name:   "billing",
		Scopes: []string{"invoices:read"},
		Secret: &client.NewApplicationSecret{Description: "production", ExpiresAt: &expires},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(made.ClientID, made.Secret.Secret.Reveal())
}

// A change is made on the version that was looked at, or not at all.
func ExampleIfMatch() {
	var c *client.Client
	ctx := context.Background()
	app, err := c.Application(ctx, "11fc76d9-5d84-4346-9a7f-e3657c8578ca")
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.UpdateApplication(ctx, app.ClientID, client.ApplicationChange{
		Scopes: client.Set(append(app.Scopes, "invoices:write")),
	}, client.IfMatch(app.ETag))
	if client.Status(err) == http.StatusPreconditionFailed {
		fmt.Println("somebody else changed it meanwhile")
	}
}

// A list is fetched page by page while it is read.
func ExampleClient_Applications() {
	var c *client.Client
	for app, err := range c.Applications(context.Background(), client.ApplicationFilter{}) {
		if problem, ok := errors.AsType[*client.Problem](err); ok {
			log.Fatalf("%s (request %s)", problem, problem.RequestID)
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(app.Name)
	}
}
