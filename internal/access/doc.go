// Package access decides what may be done: it owns APIs and their permissions, the attenuation and the gate.
//
//   - The gate ([Standing.Admit]) answers "may this principal act now?". Every grant, introspection and admin
//     call asks it, so that "disabled but still works" has one place where it could be wrong.
//   - The attenuation ([Catalogue.Attenuate]) computes what a token may do: what the application may ∩ what the
//     credential may ∩ what was asked for. Every step only narrows.
//   - [Allow] asks the gate again inside the transaction that makes a change, and checks the actor's permission.
//
// It does not own: who proved what (credential), how a token looks (token), how a refusal is worded in a
// protocol (the doors).
package access
