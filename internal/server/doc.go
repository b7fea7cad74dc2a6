// Package server puts the house together: it is the only package that knows everybody.
//
// [Build] opens the database, the vault and the rooms and hangs the doors on one handler ([House]); routes.go
// lists the doors, jobs.go the chores. [Run] serves a house until it is told to stop. The settings are in config, the
// addresses and TLS in front.
package server

//go:generate go test -run ^TestPermissionsAreThoseOfThePage$ . -update
