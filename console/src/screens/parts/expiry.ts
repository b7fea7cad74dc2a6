const day = 86_400_000

/** The ends that are offered; the server narrows them to what the policy allows and says so. */
export const terms = [
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['180', 'In half a year'],
  ['365', 'In a year'],
  ['730', 'In two years'],
  ['never', 'Never'],
] as const

/** The time that a choice means. */
export const endOf = (term: string) => (term === 'never' || term === '' ? undefined : new Date(Date.now() + Number(term) * day).toISOString())

/** The same for the command line. */
export const termFlag = (term: string) => (term === 'never' || term === '' ? '' : ` --expires ${term}d`)
