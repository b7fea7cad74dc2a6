//go:build !race

package server_test

// proofRequests is how often each kind of request is made.
const proofRequests = 10_000
