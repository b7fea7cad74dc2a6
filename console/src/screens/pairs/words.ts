import type { Pair } from '../../api/schema'

/** What a pair may do, from the least to the most. */
export const accesses = [
  { value: 'authentication-only', label: 'Authentication only', hint: 'Signs people in and out: verifies factors and opens sessions. Reads nothing.' },
  { value: 'read-users', label: 'Read users', hint: 'Reads users, roles and groups.' },
  { value: 'manage-users', label: 'Manage users', hint: 'Reads and changes users and groups. Sets no passwords, assigns no roles.' },
  { value: 'read-all', label: 'Read all', hint: 'Reads everything, and changes nothing.' },
  { value: 'manage-all', label: 'Manage all', hint: 'Reads and changes everything, passwords and roles too.' },
] as const

export type Access = (typeof accesses)[number]['value']

/** The name of an access. */
export const accessName = (access: Pair['access']) => accesses.find((a) => a.value === access)?.label ?? 'Custom'
