// Values as the Go lines of forms write them.

const goName = (name: string) => name.replace(/(^|_)(\w)/g, (_, __, letter: string) => letter.toUpperCase()).replace('Id', 'ID')

/** A value as Go writes it where any is expected. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (Array.isArray(value)) return `[]any{${value.map(goValue).join(', ')}}`
  if (typeof value === 'object') return `map[string]any{${Object.entries(value).map(([name, of]) => `${JSON.stringify(name)}: ${goValue(of)}`).join(', ')}}`
  return JSON.stringify(value)
}

/** A list of texts, or a text, number or truth. */
const goPlain = (value: unknown) => (Array.isArray(value) ? `[]string{${value.map((one) => JSON.stringify(one)).join(', ')}}` : JSON.stringify(value))

const given = (of: object) => Object.entries(of).filter(([, value]) => value !== undefined)

/** The members of a struct that are there. */
export const goFields = (of: object) => given(of).map(([name, value]) => `${goName(name)}: ${goPlain(value)}`).join(', ')

/** A slice of the client's structs. */
export const goList = (type: string, all: readonly object[]) => `[]client.${type}{${all.map((one) => `{${goFields(one)}}`).join(', ')}}`

/** The members of a change as fields that are set. */
export const goSets = (of: object) => given(of).map(([name, value]) => `${goName(name)}: client.Set(${goPlain(value)})`).join(', ')
