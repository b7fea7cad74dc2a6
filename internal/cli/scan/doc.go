// Package scan holds the command that looks for leaked secrets in files and git histories.
//
// It does not own: how they are found (credential/leak); whose they are, which only a server knows.
//
// Enter at [Command].
package scan
