// Package provider knows other people's systems: what a person must enter to connect one, how its tokens are asked for,
// how a connection is checked and what its errors mean.
//
// A provider is data: one YAML file in catalogue/, or in the operator's own folder, where a file of the same name takes
// the place of ours. Files are validated against a JSON Schema and linted when they are read; one that fails is reported
// and leaves what was known before in place.
//
// It owns: the form of such a file, the catalogue, what people type and paste into its fields, and the templates in its
// addresses. It does not own: calling anybody (exchange) or remembering what was entered (connect).
//
// Enter at Open, then Catalogue.Get.
package provider
