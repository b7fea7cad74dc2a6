// Package docs is the documentation as files, for the door that serves it (internal/handbook).
//
// It owns: the Markdown pages of this folder, and their pictures. It does not own: what a page looks like in a browser, nor
// which addresses pages have there.
//
// Enter at [Files]. A new page needs a line in README.md, which is the table of contents; pictures go into img, all
// of them together less than 3 MB, because every binary carries them.
package docs

import "embed"

// Files are the pages and pictures, under the paths that they have in this folder.
//
//go:embed *.md decisions/*.md img
var Files embed.FS
