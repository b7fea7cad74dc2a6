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
type Term = readonly [value: string, label: string]

/** Those ends that a policy allows, with its longest. */
export function within(policy: Bounds | undefined, ends: readonly Term[]): readonly Term[] {
  const most = policy?.max_expiry_days || Infinity
  const least = policy?.min_expiry_days ?? 0
  const some = ends.filter(([value]) => value === 'custom' || (value === 'never' ? most === Infinity : Number(value) >= least && Number(value) <= most))
  if (most === Infinity || some.some(([value]) => Number(value) === most)) return some
  const days = some.filter(([value]) => value !== 'custom')
  return [...days, [String(most), `In ${most} days, as long as the policy allows`], ...some.slice(days.length)]
}

/** The ends that a policy allows, and which of them is taken if nobody chooses: a year, or the longest below it. */
export function termsOf(policy?: Bounds): { terms: readonly Term[]; usual: string } {
  const terms = within(policy, all)
  const usual = terms.find(([value]) => value === '365') ?? terms.findLast(([value]) => value !== 'never' && Number(value) <= 365) ?? terms[0]!
  return { terms, usual: usual[0] }
}

/** The time that a choice means. */
export const endOf = (term: string) => (term === 'never' || term === '' ? undefined : new Date(Date.now() + Number(term) * day).toISOString())

/** The same for the command line. */
export const termFlag = (term: string) => (term === 'never' || term === '' ? '' : ` --expires ${term}d`)
