import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Schema, SchemaAttribute, SchemaChange } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Button } from '../../ui/button'
import { Confirm, Dialog } from '../../ui/dialog'
import { Empty, Waiting } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { EditThing, type Entry, NewThing, useSaid, type Values } from '../parts/forms'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

/** Attributes are written as in the command line: a name, a type, and what is special about it. */
const lines = (text = '') => text.split('\n').map((line) => line.trim()).filter(Boolean)

function attributeOf(line: string): SchemaAttribute {
  const [first = '', ...marks] = line.split(',').map((part) => part.trim())
  const [name = '', type = 'string'] = first.split(':').map((part) => part.trim())
  const has = (mark: string) => marks.includes(mark)
  return {
    name,
    type: type as SchemaAttribute['type'],
    ...(has('filterable') && { filterable: true }),
    ...(has('many') && { multi_valued: true }),
    ...(has('required') && { required: true }),
    ...(has('immutable') && { mutability: 'immutable' }),
    ...(has('case-exact') && { case_exact: true }),
    ...(has('on-request') && { returned: 'request' }),
  }
}

/** The line of an attribute, without what a line cannot say. */
const lineOf = (one: SchemaAttribute) =>
  [`${one.name}:${one.type}`, one.filterable && 'filterable', one.multi_valued && 'many', one.required && 'required', one.mutability === 'immutable' && 'immutable', one.case_exact && 'case-exact', one.returned === 'request' && 'on-request'].filter(Boolean).join(',')

const bodyOf = ({ name = '', description, urn, attributes }: Values) => ({ name, ...(description && { description }), ...(urn && { urn }), attributes: lines(attributes).map(attributeOf) })

const tight = (line: string) => line.replaceAll(' ', '')

/** What differs from a schema. An attribute of which nothing was touched stays; others keep their parts, choices and description. */
function changeOf(schema: Schema, { name = '', description = '', attributes }: Values): SchemaChange {
  const all = lines(attributes).map((line) => {
    const wanted = attributeOf(line)
    const before = schema.attributes.find((one) => one.name === wanted.name)
    if (before && lineOf(before) === lineOf(wanted)) return before
    const { description: about, canonical_values, sub_attributes } = before ?? {}
    return { ...wanted, ...(about && { description: about }), ...(canonical_values && { canonical_values }), ...(sub_attributes && { sub_attributes }) }
  })
  return {
    ...(name !== schema.name && { name }),
    ...(description !== (schema.description ?? '') && { description }),
    ...(all.map(lineOf).join() !== schema.attributes.map(lineOf).join() && { attributes: all }),
  }
}

/** The same in the command line. */
function editLine(schema: Schema, values: Values) {
  const change = changeOf(schema, values)
  const before = schema.attributes.map(lineOf)
  const after = change.attributes ?? schema.attributes
  return [
    `schema edit ${arg(schema.name)}`,
    change.name !== undefined && `--name ${arg(change.name ?? '')}`,
    change.description !== undefined && `--description ${arg(change.description ?? '')}`,
    ...after.map(lineOf).filter((line) => !before.includes(line)).map((line) => `--attribute ${arg(line)}`),
    ...schema.attributes.filter((one) => !after.some((other) => other.name === one.name)).map((one) => `--remove ${arg(one.name)}`),
  ]
    .filter(Boolean)
    .join(' ')
}

const marksOf = (one: SchemaAttribute) => [one.type, one.filterable && 'filterable', one.multi_valued && 'many values', one.required && 'required', one.mutability === 'immutable' && 'immutable', one.case_exact && 'case counts', one.returned === 'request' && 'on request'].filter(Boolean).join(', ')

const entries: readonly Entry[] = [
  { name: 'name', label: 'Name' },
  { name: 'description', label: 'Description', optional: true },
  { name: 'attributes', label: 'Attributes', area: true, mono: true, hint: 'One a line: name:type, such as badge:string or level:integer, and after it any of ,filterable ,many ,required ,immutable ,case-exact ,on-request.' },
]
const urn: Entry = { name: 'urn', label: 'URN', optional: true, mono: true, hint: 'What the attributes stand under; made of the name unless given.' }

/** The attributes that the environment adds to people. */
export function Attributes() {
  const may = useMay()
  const queries = useQueryClient()
  const said = useSaid()
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState<Schema>()
  const [deleting, setDeleting] = useState<Schema>()
  const query = useInfiniteQuery({ queryKey: ['schemas'], queryFn: ({ pageParam }) => ask(api.GET('/schemas', { params: { query: { cursor: pageParam } } })), ...paged })
  const remove = useAction((_, id: string) => ask(api.DELETE('/schemas/{schema}', { params: { path: { schema: id } } })))
  const tell = (text: string) => {
    said.tell(text)
    void queries.invalidateQueries({ queryKey: ['schemas'] })
  }
  const make = may('schemas:write') && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New schema
    </Button>
  )
  const columns: Column<Schema>[] = [
    {
      name: 'Schema',
      always: true,
      cell: (one) => (
        <>
          <span className="font-semibold">{one.name}</span>
          <code className="block text-xs break-all text-soft">{one.urn}</code>
          {one.description}
        </>
      ),
    },
    {
      name: 'Attributes',
      always: true,
      cell: (one) => (
        <ul>
          {one.attributes.map((each) => (
            <li key={each.name}>
              <code>{each.name}</code> <span className="text-soft">{marksOf(each)}</span>
            </li>
          ))}
        </ul>
      ),
    },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        may('schemas:write') && (
          <span className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setEditing(one)}>Edit {one.name}</Button>
            <Button look="danger" onClick={() => setDeleting(one)}>
              Delete {one.name}
            </Button>
          </span>
        ),
    },
  ]
  return (
    <>
      <Head title="Attributes" lead="What your organization knows of people beside what everybody does. Up to 20 schemas." actions={make} />
      {said.banner}
      <List query={query} columns={columns} rowKey={(one) => one.id} caption="List of custom schemas" empty={<Empty title="No attributes of your own yet" about="directory" action={make} command="counterfoil schema create staff --attribute badge:string,filterable" />} />
      {making && (
        <NewThing
          title="New schema"
          verb="Create schema"
          onClose={() => setMaking(false)}
          entries={[...entries, urn]}
          asked={(values) => ({ method: 'POST', path: '/schemas', body: bodyOf(values), cli: [`schema create ${arg(values.name || 'NAME')}`, values.description && `--description ${arg(values.description)}`, values.urn && `--urn ${arg(values.urn)}`, ...lines(values.attributes).map((line) => `--attribute ${arg(tight(line))}`)].filter(Boolean).join(' '), go: ['CreateSchema'] })}
          make={async (key, values) => {
            const made = await ask(api.POST('/schemas', { params: { header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
            tell(`Schema ${made.name} is made.`)
          }}
        />
      )}
      {editing && (
        <Edit
          one={editing}
          onClose={(saved) => {
            setEditing(undefined)
            if (saved) tell(`Schema ${editing.name} is saved.`)
          }}
        />
      )}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Delete ${deleting.name}?`}
          verb={`Delete schema ${deleting.name}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(deleting.id))) return
            setDeleting(undefined)
            tell(`Schema ${deleting.name} is deleted.`)
          }}
        >
          <p>Only a schema under which no person has values can be deleted.</p>
        </Confirm>
      )}
    </>
  )
}

const read = (id: string) => askTagged(api.GET('/schemas/{schema}', { params: { path: { schema: id } } }))

function Edit({ one, onClose }: { one: Schema; onClose: (saved?: boolean) => void }) {
  const { data, error } = useQuery({ queryKey: ['schemas', 'edit', one.id], queryFn: () => read(one.id), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open title={`Edit ${one.name}`} description="An attribute that people have values of can be described otherwise, but neither left out nor become something else." onClose={() => onClose()}>
      {data ? (
        <EditThing
          began={data}
          read={() => read(one.id)}
          write={(tag, values) => ask(api.PATCH('/schemas/{schema}', { params: { path: { schema: one.id }, header: { 'If-Match': tag } }, body: changeOf(data.data, values) }))}
          valuesOf={({ name, description = '', attributes }) => ({ name, description, attributes: attributes.map(lineOf).join('\n') })}
          entries={entries}
          verb="Save schema"
          onCancel={() => onClose()}
          onDone={() => onClose(true)}
          asked={(values) => ({ method: 'PATCH', path: `/schemas/${one.id}`, body: changeOf(data.data, values), cli: editLine(data.data, values), go: ['UpdateSchema', one.id] })}
        />
      ) : (
        <Waiting error={error} />
      )}
    </Dialog>
  )
}
