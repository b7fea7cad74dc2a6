package server

// Version is the program's; the build sets it (-ldflags "-X …/internal/server.Version=…").
var Version = "development"
