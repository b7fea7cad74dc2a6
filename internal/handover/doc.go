// Package handover is the door through which a new secret reaches whoever shall use it, without passing through
// whoever made it: a link that shows it once.
//
// Asking for the page opens nothing, so that the programs that look at every link in a mail or a chat burn none; it
// asks nobody whether the link is good, either. The button on the page posts, and the answer to that is the one place
// where the secret stands. Links that are unknown, expired or burnt look the same.
//
// It owns: the page, and what browsers are told about it. It does not own: links, how long they work and that they
// work once (credential).
//
// Enter at [Door].
package handover
