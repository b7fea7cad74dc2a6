// Package connect keeps the credentials that an environment holds for other people's systems.
//
// A connector is an environment's use of a provider, a connection what one customer entered for it: values in clear, and
// secrets that are sealed one by one for environment, connection and field. Whoever enters them is told at once whether
// they work (check), programs get fresh tokens and never the secret (fresh), and everything stops at a switch: a
// connection's, a connector's, or a provider's.
//
// It owns the tables connector, connector_stop, connector_secret, connection, connection_tag, connection_secret,
// connection_caller and the row of connection_token that a connection is born with. It does not own: what a provider is
// (provider), calling one (exchange), when a token is fetched (fresh), or who may enter a credential (session).
//
// Enter at Authority.
package connect
