// Package rest is what the resources of the management API have in common.
//
// A resource is a file: what the thing looks like on the wire, its routes, and a handler of a few lines for each. The
// handlers work at a [Desk]. Every request passes [Desk.Admit], which knows the caller by a bearer token and the scope
// that its [Operation] declares, and leaves a [Call] in the context. [Desk.Read] and [Desk.Write] ask the gate again
// inside the transaction. Most handlers use what stands on these two and also answers:
//
//   - [Find] shows one resource, or says 304; [PageOf] cuts a page out of a list;
//   - [Create] makes one resource per Idempotency-Key, and answers a repetition without its secret;
//   - [Change] changes the version that If-Match names, as a merge patch of [Patch] members says;
//   - [Desk.Remove] deletes; [Desk.Settle] does what leaves nothing to show.
//
// It owns: admission, entity tags, idempotent creation, merge patches, and the way in which a secret is shown. It does
// not own: any resource, route or rule, problem documents, cursors, the table of Idempotency-Keys (web).
//
// Enter at [Desk], [Operation] and [Create].
package rest
