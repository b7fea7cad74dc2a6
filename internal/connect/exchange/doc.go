// Package exchange calls providers: it gets tokens for what was entered, tries out whether it works, step by step, and
// ends tokens that are not needed any more.
//
// What comes back is a stranger's. Nothing of it is passed on but what was asked for, and people read our words about
// it, never the provider's own text, which may repeat the secret that was sent.
//
// It does not own: what a provider is (provider), what is remembered (connect), when a token is fetched (fresh).
//
// Enter at Exchange.
package exchange
