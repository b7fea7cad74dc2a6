import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import type { Schema, SchemaAttribute, User, UserChange } from '../../api/schema'
import { useMay } from '../../api/session'
import { Fact } from '../../ui/page'
import { arg } from '../../ui/shell'
import { EditThing, type Entry, type Values } from '../parts/forms'
import { primaryAddress, usePopulations } from './person'

const ofEverybody: readonly Entry[] = [
  { name: 'user_name', label: 'User name', hint: 'The person signs in with it from now on.' },
  { name: 'email', label: 'Primary address', type: 'email', optional: true, hint: 'A new one is not verified until the person has followed a link there.' },
  { name: 'emails', label: 'Further addresses', area: true, optional: true, hint: 'One a line. The person signs in with each of them, too.' },
  { name: 'phone_numbers', label: 'Phone numbers', area: true, optional: true, hint: 'One a line.' },
  { name: 'given_name', label: 'Given name', optional: true },
  { name: 'family_name', label: 'Family name', optional: true },
  { name: 'display_name', label: 'Display name', optional: true },
  { name: 'title', label: 'Title', optional: true },
  { name: 'department', label: 'Department', optional: true },
  { name: 'employee_number', label: 'Employee number', optional: true },
  { name: 'external_id', label: 'External ID', optional: true, hint: 'What another system calls the person.' },
  { name: 'preferred_language', label: 'Language of mails', optional: true, hint: 'Such as de.' },
]

const lines = (text = '') => text.split('\n').map((line) => line.trim()).filter(Boolean)

/** An attribute that the environment added, and where a person's value of it stands. */
type Own = { schema: Schema; attribute: SchemaAttribute; name: string }

/** The attributes that the environment added to people, for those who may read what there are. */
function useOwn(): readonly Own[] {
  const may = useMay()
  const { data } = useQuery({
    queryKey: ['schemas', 'all'],
    queryFn: () => ask(api.GET('/schemas', { params: { query: { limit: 200 } } })),
    enabled: may('schemas:read'),
  })
  return (data?.items ?? []).flatMap((schema) => schema.attributes.map((attribute) => ({ schema, attribute, name: `${schema.urn} ${attribute.name}` })))
}

const valueOf = (user: User, { schema, attribute }: Own) => user.custom?.[schema.urn]?.[attribute.name]
const typed = ({ type }: SchemaAttribute) => ['boolean', 'integer', 'decimal', 'complex'].includes(type)
const one = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** What stands in the field of an attribute: texts as they are, the rest as JSON, several values each on a line. */
function textOf(user: User, own: Own) {
  const value = valueOf(user, own)
  return value === undefined || value === null ? '' : Array.isArray(value) ? value.map(one).join('\n') : one(value)
}

/** What is written into a field, as the API wants it. What is no JSON goes as it is, and the server says what is wrong. */
function read(text: string, attribute: SchemaAttribute): unknown {
  const each = (part: string): unknown => {
    if (!typed(attribute)) return part
    try {
      return JSON.parse(part)
    } catch {
      return part
    }
  }
  if (!text.trim()) return null
  return attribute.multi_valued ? lines(text).map(each) : each(text.trim())
}

function entryOf({ schema, attribute, name }: Own): Entry {
  const said = [attribute.description, attribute.multi_valued && 'One a line.', attribute.type === 'complex' && 'As JSON.', attribute.mutability === 'immutable' && 'Stays as it is once it is set.'].filter(Boolean).join(' ')
  return {
    name,
    label: `${attribute.name} (${schema.name})`,
    hint: said || undefined,
    optional: !attribute.required,
    area: attribute.multi_valued || attribute.type === 'complex',
    mono: attribute.type === 'complex',
    ...(attribute.type === 'boolean' && !attribute.multi_valued && { options: [['', 'Not said'], ['true', 'Yes'], ['false', 'No']] as const }),
  }
}

const valuesOf = (user: User, own: readonly Own[]): Values => ({
  user_name: user.user_name,
  email: primaryAddress(user) ?? '',
  emails: (user.emails ?? []).map(({ value }) => value).filter((value) => value !== primaryAddress(user)).join('\n'),
  phone_numbers: (user.phone_numbers ?? []).map(({ value }) => value).join('\n'),
  given_name: user.name?.given_name ?? '',
  family_name: user.name?.family_name ?? '',
  display_name: user.display_name ?? '',
  title: user.title ?? '',
  department: user.enterprise?.department ?? '',
  employee_number: user.enterprise?.employee_number ?? '',
  external_id: user.external_id ?? '',
  preferred_language: user.preferred_language ?? '',
  population_id: user.population_id,
  ...Object.fromEntries(own.map((each) => [each.name, textOf(user, each)])),
})

/** Only what differs is sent: who may change a title may not always change an address. */
function changeOf(user: User, values: Values, own: readonly Own[]): UserChange {
  const before = valuesOf(user, own)
  const differs = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== before[name]))
  const { email, emails, phone_numbers, given_name, family_name, department, employee_number, ...rest } = differs
  const custom: Record<string, Record<string, unknown>> = {}
  for (const { schema, attribute, name } of own) {
    const text = differs[name]
    delete rest[name]
    if (text !== undefined) (custom[schema.urn] ??= {})[attribute.name] = read(text, attribute)
  }
  // What is known of those that stay, such as that one was verified, stays with them.
  const kept = <T extends { value: string }>(all: readonly T[] | null | undefined, wanted: readonly string[]) => wanted.map((value) => all?.find((each) => each.value === value) ?? { value })
  const addresses = [values.email ?? '', ...lines(values.emails)].filter(Boolean)
  return {
    ...rest,
    ...((email !== undefined || emails !== undefined) && { emails: kept(user.emails, addresses).map((each, i) => ({ ...each, primary: i === 0 || undefined })) }),
    ...(phone_numbers !== undefined && { phone_numbers: kept(user.phone_numbers, lines(phone_numbers)) }),
    ...((given_name !== undefined || family_name !== undefined) && { name: { given_name, family_name } }),
    ...((department !== undefined || employee_number !== undefined) && { enterprise: { department, employee_number } }),
    ...(Object.keys(custom).length > 0 && { custom }),
  }
}

const flags: Values = { user_name: 'user-name', preferred_language: 'language', population_id: 'population' }

/** The flags of the command line that say the same change. */
function flagsOf(user: User, values: Values, own: readonly Own[]) {
  const before = valuesOf(user, own)
  const differs = (name: string) => (values[name] ?? before[name]) !== before[name]
  const each = (flag: string, all: readonly string[]) => (all.length > 0 ? all : ['']).map((value) => `--${flag} ${value ? arg(value) : "''"}`)
  return [
    ...Object.keys(values).filter((name) => differs(name) && !['email', 'emails', 'phone_numbers'].includes(name) && !name.includes(' ')).flatMap((name) => each(flags[name] ?? name.replaceAll('_', '-'), [values[name] ?? ''])),
    ...(differs('email') || differs('emails') ? each('email', [values.email ?? '', ...lines(values.emails)].filter(Boolean)) : []),
    ...(differs('phone_numbers') ? each('phone', lines(values.phone_numbers)) : []),
    ...own.filter(({ name }) => differs(name)).flatMap(({ schema, attribute, name }) => {
      const text = values[name] ?? ''
      const all = attribute.multi_valued ? lines(text) : [text.trim()]
      return (all.length > 0 ? all : ['']).map((value) => `--attribute ${arg(`${schema.name}.${attribute.name}=${value}`)}`)
    }),
  ].join(' ')
}

/** What is known of a person beside names and addresses. */
export function ProfileFacts({ user }: { user: User }) {
  const own = useOwn()
  const values = valuesOf(user, own)
  return [...ofEverybody.slice(3), ...own.map(entryOf)].map(({ name, label }) => {
    const value = values[name]
    return value ? (
      <Fact key={name} name={label}>
        <span className="whitespace-pre-line">{value}</span>
      </Fact>
    ) : null
  })
}

type Tagged = { data: User; tag: string }

/** The form in which a person's profile is changed, with the attributes that the environment added. */
export function EditProfile({ began, read, onDone, onCancel }: { began: Tagged; read: () => Promise<Tagged>; onDone: () => void; onCancel: () => void }) {
  const user = began.data
  const own = useOwn().filter((each) => each.attribute.mutability !== 'immutable' || textOf(user, each) === '')
  const populations = usePopulations()
  const entries: Entry[] = [
    ...ofEverybody,
    ...(populations.length > 1 ? [{ name: 'population_id', label: 'Population', options: populations.map(({ id, name }) => [id, name] as const) }] : []),
    ...own.map(entryOf),
  ]
  return (
    <EditThing
      began={began}
      read={read}
      write={(tag, values) => ask(api.PATCH('/users/{user}', { params: { path: { user: user.id }, header: { 'If-Match': tag } }, body: changeOf(user, values, own) }))}
      valuesOf={(thing) => valuesOf(thing, own)}
      entries={entries}
      verb="Save profile"
      onDone={onDone}
      onCancel={onCancel}
      asked={(values) => ({
        method: 'PATCH',
        path: `/users/${user.id}`,
        body: changeOf(user, values, own),
        cli: `user edit ${user.id} ${flagsOf(user, values, own)}`.trim(),
        go: ['UpdateUser', user.id],
      })}
    />
  )
}
