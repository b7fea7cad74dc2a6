import client from './goclient.json'

/** A method of the Go client that sends a body. */
export type Method = keyof typeof client.methods

/** What stands for a secret that nobody should read in a line: its holder puts it there. */
export const hidden = '…'

// Of each member in JSON: its name in Go, its type and, where it has one, the embedded struct it stands in.
const types = client.types as unknown as Record<string, Record<string, readonly [name: string, type: string, within?: string]>>
const text = (value: unknown) => JSON.stringify(value)

/** A value as Go writes it where any is expected. */
function loose(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (Array.isArray(value)) return `[]any{${value.map(loose).join(', ')}}`
  if (typeof value === 'object') return `map[string]any{${Object.entries(value).map(([name, of]) => `${text(name)}: ${loose(of)}`).join(', ')}}`
  return text(value)
}

function moment(value: unknown): string {
  const at = new Date(String(value))
  return `time.Date(${[at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds(), at.getUTCMilliseconds() * 1e6].join(', ')}, time.UTC)`
}

function members(type: string, body: object, between: (fields: string[]) => string): string {
  const known = types[type] ?? {}
  const own: string[] = []
  const within: Record<string, Record<string, unknown>> = {}
  for (const [member, value] of Object.entries(body)) {
    const field = known[member]
    if (!field || value === undefined) continue
    const [name, of, inner] = field
    if (inner) (within[inner] ??= {})[member] = value
    else own.push(`${name}: ${written(of, value, member)}`)
  }
  return between([...Object.entries(within).map(([inner, of]) => `${inner}: client.${inner}{${members(`client.${inner}`, of, (fields) => fields.join(', '))}}`), ...own])
}

/** A value of a type. Inside a list or map the type is left out, as gofmt -s does. */
function written(type: string, value: unknown, member: string, bare = false): string {
  const among = /^(\[\]|map\[string\])(.+)$/.exec(type)
  const field = /^client\.Field\[(.+)\]$/.exec(type)?.[1]
  if (field) return value === null ? `client.Clear[${field}]()` : `client.Set(${field === 'int64' ? `int64(${text(value)})` : written(field, value, member)})`
  if (type === 'any') return loose(value)
  if (type.startsWith('*client.')) return `&${written(type.slice(1), value, member)}`
  if (type === '*int64') return `new(int64(${text(value)}))`
  if (type.startsWith('*')) return `new(${written(type.slice(1), value, member)})`
  if (type === 'time.Time') return moment(value)
  if (type === 'client.Secret') return `client.NewSecret(${value === hidden ? `os.Getenv(${text(member.toUpperCase())})` : text(value)})`
  if (type === 'client.KeySet') return `client.KeySet(${text(typeof value === 'string' ? value : text(value))})`
  if (among?.[1] === '[]') return `${bare ? '' : type}{${(value as unknown[]).map((one) => written(among[2]!, one, member, true)).join(', ')}}`
  if (among) return `${bare ? '' : type}{${Object.entries(value as object).map(([name, of]) => `${text(name)}: ${written(among[2]!, of, name, true)}`).join(', ')}}`
  if (types[type]) return `${bare ? '' : type}{${members(type, value as object, (fields) => fields.join(', '))}}`
  return text(value)
}

/** A call of the Go client as somebody writes it: every member of the body is there, as the client's own type has it. */
export function goCall(method: Method, on: readonly string[], body: object): string {
  const type = client.methods[method]
  const fields = members(type, body, (all) => (all.length ? `\n${all.map((one) => `\t${one},\n`).join('')}` : ''))
  const made = /^(Update|Change)/.test(method) ? 'changed' : method.startsWith('Rotate') ? 'next' : 'made'
  return `${made}, err := c.${[`${method}(ctx`, ...on.map(text), `${type}{${fields}})`].join(', ')}`
}
