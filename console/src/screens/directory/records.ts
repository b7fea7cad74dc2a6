import type { UserRecord } from '../../api/schema'

// Reads the files that `counterfoil import users` reads; what the columns mean is told in docs/cli.md.

type Json = Record<string, unknown>
type Put = (user: Json, value: string) => void

/** The number of records that the server takes at once. */
export const batchSize = 500

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const under = (user: Json, member: string) => (user[member] ??= {}) as Json
const also = (user: Json, member: string, one: Json) => ((user[member] ??= []) as Json[]).push(one)
const plain = (member: string): Put => (user, value) => void (user[member] = value)
const named = (member: string): Put => (user, value) => void (under(user, 'name')[member] = value)
const worked = (member: string): Put => (user, value) => void (under(user, enterprise)[member] = value)
const lived = (member: string): Put => (user, value) => {
  const all = (user.addresses ??= [{ type: 'work' }]) as Json[]
  all[0]![member] = value
}

const columns: Record<string, Put> = {
  user_name: plain('userName'),
  external_id: plain('externalId'),
  display_name: plain('displayName'),
  nick_name: plain('nickName'),
  profile_url: plain('profileUrl'),
  title: plain('title'),
  user_type: plain('userType'),
  preferred_language: plain('preferredLanguage'),
  locale: plain('locale'),
  timezone: plain('timezone'),
  formatted_name: named('formatted'),
  given_name: named('givenName'),
  middle_name: named('middleName'),
  family_name: named('familyName'),
  honorific_prefix: named('honorificPrefix'),
  honorific_suffix: named('honorificSuffix'),
  email: (user, value) => ((user.emails ??= []) as Json[]).unshift({ value, type: 'work', primary: true }),
  email_other: (user, value) => also(user, 'emails', { value, type: 'other' }),
  phone: (user, value) => also(user, 'phoneNumbers', { value, type: 'work' }),
  mobile: (user, value) => also(user, 'phoneNumbers', { value, type: 'mobile' }),
  street_address: lived('streetAddress'),
  locality: lived('locality'),
  region: lived('region'),
  postal_code: lived('postalCode'),
  country: lived('country'),
  employee_number: worked('employeeNumber'),
  cost_center: worked('costCenter'),
  organization: worked('organization'),
  division: worked('division'),
  department: worked('department'),
  manager: (user, value) => void (under(user, enterprise).manager = { value }),
  active: (user, value) => void (user.active = value === 'true' ? true : value === 'false' ? false : value),
}
const beside = ['population', 'password_hash', 'password_format', 'password_salt']

/** Reads a file of people: CSV, or one SCIM user in JSON a line. Throws what is wrong with all of it; a wrong line is a reject. */
export function recordsOf(text: string): UserRecord[] {
  const bare = text.replace(/^\uFEFF/, '')
  return bare.trimStart().startsWith('{') ? ofLines(bare) : ofTable(bare)
}

const ofLines = (text: string): UserRecord[] =>
  text.split('\n').flatMap((line, i): UserRecord[] => {
    if (!line.trim()) return []
    try {
      return [{ line: i + 1, user: JSON.parse(line) as Json }]
    } catch {
      return [{ line: i + 1, problem: 'this line is no JSON' }]
    }
  })

function ofTable(text: string): UserRecord[] {
  const [first, ...rows] = rowsOf(text)
  if (!first) throw new Error('the file is empty; its first line names the columns')
  const header = first.fields.map((name) => (name.startsWith('urn:') ? name : name.trim().toLowerCase().replaceAll(' ', '_')))
  const wrong = header.find((name) => !name.startsWith('urn:') && !Object.hasOwn(columns, name) && !beside.includes(name))
  if (wrong !== undefined) throw new Error(`the file has a column “${wrong}”; columns are ${[...Object.keys(columns), ...beside].join(', ')}, and for custom attributes URN:attribute`)
  if (new Set(header).size < header.length) throw new Error('the file has a column twice')
  if (!header.includes('user_name')) throw new Error('the file has no column user_name')
  return rows.map((row) => recordOf(header, row))
}

function recordOf(header: string[], { line, fields }: Row): UserRecord {
  if (fields.length !== header.length) return { line, problem: `the line has ${fields.length} fields and the header ${header.length}` }
  const user: Json = {}
  const rest: Record<string, string> = {}
  header.forEach((name, i) => {
    const value = (fields[i] ?? '').trim()
    if (!value) return
    if (name.startsWith('urn:')) under(user, name.slice(0, name.lastIndexOf(':')))[name.slice(name.lastIndexOf(':') + 1)] = value
    else if (beside.includes(name)) rest[name] = value
    else columns[name]?.(user, value)
  })
  const hash = rest.password_hash
  return {
    line,
    user,
    ...(rest.population && { population: rest.population }),
    ...(hash && { password_hash: { hash, ...(rest.password_format && { format: rest.password_format }), ...(rest.password_salt && { salt: rest.password_salt }) } as UserRecord['password_hash'] }),
  }
}

type Row = { line: number; fields: string[] }

/** Cuts a table into rows (RFC 4180 §2): a quoted field may hold commas, quotes that are doubled, and line breaks. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = []
  let row: Row = { line: 1, fields: [] }
  let field = ''
  let quoted = false
  let line = 1
  const end = () => {
    row.fields.push(field)
    field = ''
    if (row.fields.length > 1 || row.fields[0] !== '') rows.push(row)
    row = { line: line + 1, fields: [] }
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') field += text[++i]
      else if (c === '"') quoted = false
      else field += c
    } else if (c === '"' && field === '') quoted = true
    else if (c === ',') {
      row.fields.push(field)
      field = ''
    } else if (c === '\n') end()
    else if (c !== '\r') field += c
    if (c === '\n') line++
  }
  if (field || row.fields.length > 0) end()
  return rows
}
