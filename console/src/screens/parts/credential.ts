import { api, ask } from '../../api/client'
import type { RosterEntry } from '../../api/schema'

/** What a credential is found by, whatever its kind. */
export type Named = Pick<RosterEntry, 'client_id' | 'id' | 'kind'>

/** The last but one part of its address. */
export const paths: Record<Named['kind'], string> = { secret: 'secrets', certificate: 'certificates', jwt_key: 'jwt-keys', trust: 'trusts' }

// The four collections have the same operations under different names. One cast says so here, instead of four copies.
export const door = <const V extends '' | '/disable' | '/enable'>(kind: Named['kind'], verb: V) => `/applications/{application}/${paths[kind]}/{credential}${verb}` as `/applications/{application}/certificates/{credential}${V}`

export const at = (one: Named) => ({ application: one.client_id, credential: one.id })

export const disable = (one: Named) => ask(api.POST(door(one.kind, '/disable'), { params: { path: at(one) } }))

export const enable = (one: Named) => ask(api.POST(door(one.kind, '/enable'), { params: { path: at(one) } }))

/** What a credential is called in a sentence: its description, what it is recognised by, or how its id begins. */
export const nameOf = (one: { description: string; hint?: string; id: string }) => one.description || one.hint || one.id.slice(0, 8)
