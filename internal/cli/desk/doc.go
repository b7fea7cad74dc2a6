// Package desk is what every command works at: the surroundings of the process and the flags that all commands
// share ([Desk]), the server they choose, and one way each to find what an argument names, to print a result, to
// ask a person, to read a secret, to read a time, and to fail.
//
// It owns: the order in which a server is chosen, the formats of -o, the exit codes, and every text that more than
// one command parses. It does not own: any command, or what the root is made of (cli); how text reaches a terminal
// (terminal); the file of saved servers (contexts).
//
// Enter at [Desk.Command] and the runs it takes, such as [Desk.WithApp].
package desk
