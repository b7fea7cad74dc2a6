// Package fresh hands out tokens of connections that are valid, and sees to it that they are.
//
// What is handed out stands in memory: a token that is fresh costs no statement of the database. Its successor is fetched
// before it ends, while it is still served. One node at a time fetches for a connection: it records its intent in the
// connection's row first, for longer than the call may take, so that a live holder always gives up before its intent runs
// out, and nobody else calls meanwhile. A fence, which grows with every intent, throws away the answer of a holder that
// was too late. After a crash one more call is made; whether the first one spent a refresh token that may be used once,
// nobody knows, and the connection's state says so.
//
// It owns the table connection_token after a connection's birth, the decision that a connection fails, and what is
// resident. It does not own: what a connection is (connect), how a provider is called (exchange).
//
// Enter at Keeper.
package fresh
