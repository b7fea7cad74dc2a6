package noticeapi

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
)

// Resources are the notices of the management API. All of its fields but Mailbox are required.
type Resources struct {
	*rest.Desk
	Webhooks *webhook.Authority
	// Mail has no carrier where nothing takes mails.
	Mail *mail.Office
	// Mailbox keeps mails to be read; nil where they are sent, or there are none.
	Mailbox *mail.Mailbox
}

// Operations registers every operation on api, which [rest.Desk.Admit] guards. Without a desk they cannot be called; the
// OpenAPI document needs none.
func (r *Resources) Operations(api huma.API) {
	r.webhookOperations(api)
	r.deliveryOperations(api)
	r.mailOperations(api)
}
