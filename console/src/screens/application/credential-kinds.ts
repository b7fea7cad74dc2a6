import { api, ask, askTagged } from '../../api/client'
import type { Certificate, CredentialChange, JwtKey, RosterEntry, Secret, Trust } from '../../api/schema'
import { at, door, paths } from '../parts/credential'

export { disable, enable, nameOf } from '../parts/credential'

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
  secret: { one: 'secret', many: 'Secrets', path: paths.secret, cli: 'secret', go: 'Secret' },
  certificate: { one: 'certificate', many: 'Certificates', path: paths.certificate, cli: 'certificate', go: 'Certificate' },
  jwt_key: { one: 'JWT key', many: 'JWT keys', path: paths.jwt_key, cli: 'jwk', go: 'JWTKey' },
  trust: { one: 'federated trust', many: 'Federated trusts', path: paths.trust, cli: 'trust', go: 'Trust' },
}

export const kinds = Object.keys(words) as Kind[]

export const read = async (one: Entry) => (await askTagged(api.GET(door(one.kind, ''), { params: { path: at(one) } }))) as { data: One; tag: string }

export const change = (one: Entry, tag: string, body: CredentialChange) => ask(api.PATCH(door(one.kind, ''), { params: { path: at(one), header: { 'If-Match': tag } }, body }))

/** Deletes it; force does so although nothing else lets its application in. */
export const remove = (one: Entry, force: boolean) => ask(api.DELETE(door(one.kind, ''), { params: { path: at(one), query: force ? { force } : {} } }))

