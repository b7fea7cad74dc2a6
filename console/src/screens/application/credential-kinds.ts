import { api, ask, askTagged } from '../../api/client'
import type { Certificate, CredentialChange, JwtKey, RosterEntry, Secret, Trust } from '../../api/schema'

export type Entry = RosterEntry
export type Kind = Entry['kind']
export type One = Certificate | JwtKey | Secret | Trust

type Words = {
  one: string
  many: string
  /** The last but one part of its address. */
  path: string
  /** The command under "counterfoil app". */
  cli: string
  /** As the client's methods call it. */
  go: 'Secret' | 'Certificate' | 'JWTKey' | 'Trust'
}

export const words: Record<Kind, Words> = {
  secret: { one: 'secret', many: 'Secrets', path: 'secrets', cli: 'secret', go: 'Secret' },
  certificate: { one: 'certificate', many: 'Certificates', path: 'certificates', cli: 'certificate', go: 'Certificate' },
  jwt_key: { one: 'JWT key', many: 'JWT keys', path: 'jwt-keys', cli: 'jwk', go: 'JWTKey' },
  trust: { one: 'federated trust', many: 'Federated trusts', path: 'trusts', cli: 'trust', go: 'Trust' },
}

export const kinds = Object.keys(words) as Kind[]

/** What a credential is called in a sentence: its description, what it is recognised by, or how its id begins. */
export const nameOf = (one: { description: string; hint?: string; id: string }) => one.description || one.hint || one.id.slice(0, 8)

// The four collections have the same operations under different names. One cast says so here, instead of four copies.
const door = <const V extends '' | '/disable' | '/enable'>(kind: Kind, verb: V) => `/applications/{application}/${words[kind].path}/{credential}${verb}` as `/applications/{application}/certificates/{credential}${V}`

const at = (one: Entry) => ({ application: one.client_id, credential: one.id })

export const read = async (one: Entry) => (await askTagged(api.GET(door(one.kind, ''), { params: { path: at(one) } }))) as { data: One; tag: string }

export const change = (one: Entry, tag: string, body: CredentialChange) => ask(api.PATCH(door(one.kind, ''), { params: { path: at(one), header: { 'If-Match': tag } }, body }))

export const disable = (one: Entry) => ask(api.POST(door(one.kind, '/disable'), { params: { path: at(one) } }))

export const enable = (one: Entry) => ask(api.POST(door(one.kind, '/enable'), { params: { path: at(one) } }))

/** Deletes it; force does so although nothing else lets its application in. */
export const remove = (one: Entry, force: boolean) => ask(api.DELETE(door(one.kind, ''), { params: { path: at(one), query: force ? { force } : {} } }))

