package ticket

// Format lets tests write tickets that nobody made.
var Format = format
