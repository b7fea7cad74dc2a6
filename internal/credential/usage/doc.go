// Package usage keeps what is written behind of how credentials are used: counts by hour and outcome, the last use, what
// permissions their tokens had, and the latest refusals of each application.
//
// It owns the memory between a request and the database, and the rows. It does not own what a refusal means; doors do.
// Enter at [Counter] and [Refusals].
package usage
