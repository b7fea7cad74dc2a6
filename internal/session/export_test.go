package session

// Parse and Cookie let tests try spellings.
var (
	Parse  = parse
	Cookie = cookie
)
