// Package config is what an operator can set: read from flags, variables and a file, completed and checked as a whole.
//
// It owns: the list of settings ([Config], whose tags are the only description of each), the order of the places they
// come from ([Load]), what is refused and how to mend it, and what follows from a setting alone: the log to write to, the
// way out, the base URL. It does not own: what is listened on (front), nor anything that a setting is handed to.
// docs/configuration.md is written from it ([Document]).
package config

//go:generate go test -run ^TestConfigurationPageIsCurrent$ . -update
