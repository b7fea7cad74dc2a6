package webhook

// Sign is exported for the published test vector.
var Sign = sign
