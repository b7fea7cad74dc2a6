// Package expiry lists the credentials of an environment by when their time is over.
//
// It owns the question and its SQL, and changes nothing. It does not own credentials (package credential), nor the notices
// that tell people of what expires (package notice). Enter at [List].
package expiry
