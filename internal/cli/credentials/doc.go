// Package credentials holds the commands about how applications prove themselves.
//
// It owns: what hangs on an application, such as app secret, and what a secret looks like when it is printed. It does
// not own: the application itself (manage); anything the server decides about a credential.
//
// Enter at [OfApplication] and [Commands]: one noun each is one file.
package credentials
