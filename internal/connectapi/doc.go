// Package connectapi is the door for the customers of our customers: the Connect page, on which somebody without an account
// here enters the credentials of one connection, and connect.js, with which a site shows that page in a frame.
//
// A link has the token of a connect session in its fragment, which browsers send to nobody. A few lines of script post it;
// without scripts a person pastes it. From then on it is in a cookie that scripts cannot read and that is sent for the pages
// of this one session only – or, in a frame, where cookies are those of a third party and many browsers drop them, in a
// hidden field of each form. It is never in a path, a query, a Referer or the log.
//
// The page works without scripts. With them it is tried and shown again without leaving the page, so that secrets which did
// not work stay in the browser's memory and need not be typed again; the server never writes one into an answer. Which sites
// may frame the page is in its policy, and messages go to exactly these.
//
// It owns: pages, their words in five languages, and what browsers are told about them. It does not own: sessions and what
// becomes of what is entered (connect/session), the way of requests to providers (the package proxy beneath), or the JSON
// API (adminapi/connectionapi).
//
// Enter at [Door].
package connectapi
