// Package signin is the door that people come in by with a browser: by name, password and second factor. It also serves the
// pages that links in mails lead to – activating an account, accepting an invitation, choosing a new password – and the one
// that asks for such a mail.
//
// A sign-in is two forms. The first takes the password; what stands between it and the factor is a state in a cookie of two
// minutes, so that no address, page or log has it. The cookie of the session is new at every sign-in. Whoever does not get in
// hears the same words on a grid of 50 ms, whatever was wrong.
//
// The pages are plain HTML and one style sheet, in the four languages that mails are written in. They load
// nothing from elsewhere and work in any browser; the one script is for passkeys, which no form can ask for, and only pages that
// offer them have it. To ask for a page never uses a link up, because programs that look after mail follow
// every link; the form does. A link that leads nowhere looks the same whatever the reason, and whoever asks for a mail hears
// the same, as fast, whether there is such a user or not.
//
// A page that leads on to an application says so in its policy (form-action), because browsers hold the redirect after a
// form to it.
//
// What concerns factors asks for a proof of at most five minutes ([session.StepUpFresh]). What is shown once – an app's secret,
// recovery codes – is in the answer to the form itself; every other form is answered by sending the browser on.
//
// It owns: the pages, their words, and what browsers are told about them. It does not own: sessions and remembered devices
// (session), factors (directory/factor), what links do (directory/recovery), passwords (directory/password), and mails
// (notice/letter).
//
// Enter at [Door].
package signin
