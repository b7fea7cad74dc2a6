package expiry

// SelectPage is the statement behind a page of [List].
const SelectPage = selectExpiring + cutExpiring
