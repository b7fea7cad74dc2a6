// Package connectapi is the door of Connect: the page on which customers enter the credentials of their systems, and in
// proxy the way through which programs call those systems.
//
// It does not own: what a connection is (connect), who may enter one (connect/session), and the JSON resources that
// administrators use (adminapi/connectionapi).
package connectapi
