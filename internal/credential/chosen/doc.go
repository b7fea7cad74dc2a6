// Package chosen owns the slow checks: those of secrets that a person chose, and of secrets that came as another
// system's hash. Both may be guessable, so that their hashes have to be dear; a generated secret is not, and never
// comes here ([Worthwhile]).
//
// It owns how strong a chosen secret has to be ([Policy]), the slow function over it ([Params]), the formats of
// hashes from elsewhere ([ParseImported]), and the [Checker]: bounded workers, and the memory of what they found.
// It does not own what is stored, the database, counting of failures, or locks.
//
// # What is stored
//
// All chosen secrets of an application share one [Params], so that a request costs one slow computation however many
// there are. What Derive returns takes the secret's place in the keyed hash of the credential room (environment,
// application, derived), whose peppers and their rotation know no difference. An application has at most one
// imported hash that has not been upgraded.
//
// # How a request is checked
//
// The caller tries, for each reading of the secret (form-decoded and raw; the second only if it differs):
//
//  1. the generated secrets, always;
//  2. if the application has chosen secrets and the reading is [Worthwhile]: [Checker.Recall]. What is remembered
//     counts only when it equals, in constant time, what is stored for that credential now: a secret that was
//     replaced, deleted or wrapped in another pepper never matches, whoever forgot to call [Checker.Forget];
//
// and only when no reading was recognised so, for each reading again:
//
//  3. [Checker.Derive], or [Checker.VerifyImported], and then [Checker.Remember] if it was right.
//
// That is one slow computation for each different reading, two at most, and a client that was recognised before waits
// for none. Only an application that has chosen secrets and an imported hash that is not upgraded yet pays for both. All
// readings together are one attempt and count as one failure.
//
// An imported hash that was right is upgraded by a Derive under the application's [Params]: after the answer, or the
// client waits for two computations.
//
// # What the time of an answer tells
//
// For an application that has neither chosen nor imported secrets, and for an unknown one, nothing slow is run. The
// grid of 50 ms on which refusals leave hides that as long as a slow check fits into its first step: the default
// parameters take 29 ms of an idle processor. One that takes longer, because it waited for a worker or because the
// imported hash is dear, leaves on a later step (the grid counts steps from the beginning of the request). Then, and
// with [ErrBusy], a stranger can learn that the application has a chosen secret; never whether a guess was near,
// because all comparisons come after the same computation.
package chosen
