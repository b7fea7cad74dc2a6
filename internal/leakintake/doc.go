// Package leakintake is the door for partners who find secrets of ours in public: POST /leaks/github takes the alerts of
// GitHub's secret scanning partner program.
//
// The signature is the only authority there is, so nothing is looked up before it has been verified, and what an alert
// may cause is bounded: 100 reports, one at a time, a few alerts at once. An alert may come again, because a signature
// holds no time; acting on one twice changes nothing.
//
// It owns: the way in, the partner's published keys as this node knows them, the answer. It does not own: the format
// (leak), what becomes of a credential (credential), the way out to the keys (egress).
//
// Enter at [Door.Routes].
package leakintake
