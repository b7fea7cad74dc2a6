// Package stream sends answers that go on: event streams, as WHATWG HTML §9.2 has them.
//
// A stream outlives every bound that an ordinary answer keeps, so it has its own: [Book] holds how many there are, for one
// caller and on this node, how many read the database at a time, and ends them all when the node leaves; [Writer] cuts off who
// reads too slowly; [Follow] asks again and again whether the caller may still listen, and shows proxies that somebody is there.
//
// It owns: the format, the bounds, the loop. It does not own: what is sent, who may hear it, and what wakes a stream.
//
// Enter at [Book.Open], then [Begin] and [Follow].
package stream
