// Package hygiene looks through the credentials of an environment for what somebody should put right: leaked, weak, idle,
// superfluous and endless ones, and permissions that nobody uses.
//
// It owns the judgement and changes nothing. It does not own credentials (package credential) nor how their use is
// counted (package usage). Enter at [Report].
package hygiene
