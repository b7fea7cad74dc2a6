// Package session lets somebody without an account here enter the credentials of one connection.
//
// Whoever may ask customers for connections makes a connect session and hands its token on, in a link or to a page in a
// frame. The token is the right to connect once: with the connectors that the session names, for the person that it names,
// for half an hour unless it says otherwise. What is entered is tried before it is kept ([Flow]), so a failed try leaves
// nothing behind but a count of tries.
//
// It owns the table connect_session: tokens and their keyed hashes, what a session allows, how often it was tried, its one
// use, and what is sealed of a person who was sent away to agree. It does not own: connections (connect), what providers
// are and what people type (provider), trying a credential (exchange), or what is shown (the door connectapi).
//
// Enter at [Authority.Create], and at [Flow] for whoever holds a token.
package session
