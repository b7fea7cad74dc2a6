import type { Policy } from '../../api/schema'

const day = 86_400_000

const all = [
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['180', 'In half a year'],
  ['365', 'In a year'],
  ['730', 'In two years'],
  ['never', 'Never'],
] as const

type Bounds = Pick<Policy, 'max_expiry_days' | 'min_expiry_days'>

/** The ends that a policy allows, and which of them is taken if nobody chooses: a year, or the longest below it. */
export function termsOf(policy?: Bounds): { terms: readonly (readonly [value: string, label: string])[]; usual: string } {
  const most = policy?.max_expiry_days || Infinity
  const least = policy?.min_expiry_days ?? 0
  const some = all.filter(([value]) => (value === 'never' ? most === Infinity : Number(value) >= least && Number(value) <= most))
  const terms = most < Infinity && !some.some(([value]) => Number(value) === most) ? [...some, [String(most), `In ${most} days, as long as the policy allows`] as const] : some
  const usual = terms.find(([value]) => value === '365') ?? terms.findLast(([value]) => value !== 'never' && Number(value) <= 365) ?? terms[0]!
  return { terms, usual: usual[0] }
}

/** The time that a choice means. */
export const endOf = (term: string) => (term === 'never' || term === '' ? undefined : new Date(Date.now() + Number(term) * day).toISOString())

/** The same for the command line. */
export const termFlag = (term: string) => (term === 'never' || term === '' ? '' : ` --expires ${term}d`)
