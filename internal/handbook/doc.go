// Package handbook is the door that serves the documentation under /docs/, and the reference of the management API under
// /docs/api/: the pages that fit this very program, readable without an account, a script, or a network.
//
// Everything is made once, when somebody asks first, and found by its exact path in a map: no path of a request ever
// reaches a file. Pages say nothing of the environment they are read in, so whoever keeps copies may keep them for all,
// and links within are relative, so that they work beside every environment's segment.
//
// It owns: how pages look, their addresses, links between them, and the words around the OpenAPI document. It does not own:
// the text (docs), nor the document, which the management API makes of its own declarations.
//
// Enter at [Door].
package handbook
