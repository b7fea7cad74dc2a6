import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Schema, SchemaAttribute } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Empty } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { NewThing, useSaid, type Values } from './forms'
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

const bodyOf = ({ name = '', description, urn, attributes }: Values) => ({ name, ...(description && { description }), ...(urn && { urn }), attributes: lines(attributes).map(attributeOf) })

const marksOf = (one: SchemaAttribute) => [one.type, one.filterable && 'filterable', one.multi_valued && 'many values', one.required && 'required', one.mutability === 'immutable' && 'immutable', one.case_exact && 'case counts', one.returned === 'request' && 'on request'].filter(Boolean).join(', ')

/** The attributes that the environment adds to people. */
export function Attributes() {
  const may = useMay()
  const queries = useQueryClient()
  const said = useSaid()
  const [making, setMaking] = useState(false)
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
          <Button look="danger" onClick={() => setDeleting(one)}>
            Delete {one.name}
          </Button>
        ),
    },
  ]
  return (
    <>
      <Head title="Attributes" lead="What your organization knows of people beside what everybody does. Up to 20 schemas." actions={make} />
      {said.banner}
      <List query={query} columns={columns} rowKey={(one) => one.id} caption="List of custom schemas" empty={<Empty title="No attributes of your own yet" action={make} command="counterfoil schema create staff --attribute badge:string,filterable" />} />
      {making && (
        <NewThing
          title="New schema"
          verb="Create schema"
          onClose={() => setMaking(false)}
          entries={[
            { name: 'name', label: 'Name' },
            { name: 'description', label: 'Description', optional: true },
            { name: 'urn', label: 'URN', optional: true, mono: true, hint: 'What the attributes stand under; made of the name unless given.' },
            { name: 'attributes', label: 'Attributes', area: true, mono: true, hint: 'One a line: name:type, such as badge:string or level:integer, and after it any of ,filterable ,many ,required ,immutable ,case-exact ,on-request.' },
          ]}
          asked={(values) => ({ method: 'POST', path: '/schemas', body: bodyOf(values), cli: [`schema create ${arg(values.name || 'NAME')}`, values.description && `--description ${arg(values.description)}`, values.urn && `--urn ${arg(values.urn)}`, ...lines(values.attributes).map((line) => `--attribute ${arg(line.replaceAll(' ', ''))}`)].filter(Boolean).join(' '), go: `schema, err := c.CreateSchema(ctx, client.NewSchema{Name: ${JSON.stringify(values.name ?? '')}})` })}
          make={async (key, values) => {
            const made = await ask(api.POST('/schemas', { params: { header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
            tell(`Schema ${made.name} is made.`)
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
