// Package mailbox shows, on a server that is tried out, the mails that it keeps instead of sending them: a list, and each
// mail as text with links to follow and as the HTML that a mail program would show.
//
// Whoever reads them can activate accounts and reset passwords. So there is such a page only on a server in dev, for callers
// on the same machine, who name it by a name of this machine: another name that leads here was pointed here by somebody
// (DNS rebinding). A mail's HTML is shown in a frame in which nothing runs, and nothing on the page loads anything.
//
// It owns: the page. It does not own: the mails (notice/mail).
//
// Enter at [Door].
package mailbox
