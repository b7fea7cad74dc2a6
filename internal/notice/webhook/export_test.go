package webhook

// Sign is exported for the published test vector.
var Sign = sign

// SelectDue is exported to look at how it is carried out.
const SelectDue = selectDue
