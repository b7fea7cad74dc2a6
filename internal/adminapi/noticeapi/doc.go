// Package noticeapi is the part of the management API that is about notices: webhooks with what became of their
// messages, the addresses that mail goes to, and mails.
//
// There is one file per resource, with what it looks like on the wire, its routes and its handlers, which translate
// between HTTP and the rooms (webhook, mail) and decide nothing themselves.
//
// It owns: the shape of these resources. It does not own: rules, SQL and delivery (notice), what all resources have in
// common (rest), the API as a whole and its document (adminapi, which composes this package and is not known here).
//
// Enter at [Resources].
package noticeapi
