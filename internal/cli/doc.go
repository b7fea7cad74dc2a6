// Package cli is the command line of Counterfoil.
//
// Every command but serve speaks to a server through package client, like any other program; it has no way around
// the API. What a command prints on standard output is its result and nothing else; talk, questions and progress
// go to standard error. Text that other people chose is shown with its control characters escaped.
//
// # Output
//
// -o json prints the API's own resource, a list as {"items": […]}; audit tail prints one event per line. Members are
// only ever added. -o env prints KEY=value lines that shells and .env files read. -o table, the default, is for
// people and may change.
//
// # Exit codes
//
//	0  it worked
//	1  any other failure
//	2  wrong usage: an unknown command or flag, a malformed value, no server chosen
//	3  there is no such thing
//	4  denied: the credential was not accepted, or may not do this (401, 403)
//	5  conflict: the name is taken, or the state forbids it (409, 412)
//	6  unavailable: the server cannot be reached or asks to try later (429, 502, 503, 504)
//	7  verification failed: audit verify found that the ledger was edited
//	130  interrupted
//
// It owns: the root, which puts the commands together, and how the program ends. It does not own: the commands, which
// are grouped by what they are about (manage, credentials, installation), look for leaks without a server (scan) or open an
// installation at its own machine (operator); what they all work with (desk); how text reaches a terminal (terminal); anything the server decides.
//
// Enter at [Main]; newRoot lists the groups of commands.
package cli
