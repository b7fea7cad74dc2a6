package server

// ContainerLimit is containerLimit, for tests from outside.
var ContainerLimit = containerLimit
