// Package connections holds the commands about other people's systems: providers, connectors, connections and the links
// by which customers enter them.
//
// It owns: these commands, and how their results look. It does not own: what every command works at (desk), requests
// (client).
//
// Enter at Command.
package connections
