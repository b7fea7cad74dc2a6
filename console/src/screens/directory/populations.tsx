import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Population } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Confirm, Dialog } from '../../ui/dialog'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Empty, Waiting } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { EditThing, type Entry, filled, NewThing, useSaid } from '../parts/forms'
import { Head } from './tabs'
import { arg, flagsOf } from '../../ui/shell'

const entries: readonly Entry[] = [
  { name: 'name', label: 'Name' },
  { name: 'description', label: 'Description', optional: true },
]
const read = (id: string) => askTagged(api.GET('/populations/{population}', { params: { path: { population: id } } }))

/** Sets of people that somebody looks after: roles can be given over one. */
export function Populations() {
  const may = useMay()
  const queries = useQueryClient()
  const said = useSaid()
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState<Population>()
  const [deleting, setDeleting] = useState<Population>()
  const query = useInfiniteQuery({ queryKey: ['populations'], queryFn: ({ pageParam }) => ask(api.GET('/populations', { params: { query: { cursor: pageParam } } })), ...paged })
  const remove = useAction((_, id: string) => ask(api.DELETE('/populations/{population}', { params: { path: { population: id } } })))
  const tell = (text: string) => {
    said.tell(text)
    void queries.invalidateQueries({ queryKey: ['populations'] })
  }
  const make = may('populations:write') && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New population
    </Button>
  )
  const columns: Column<Population>[] = [
    {
      name: 'Name',
      always: true,
      cell: (one) => (
        <>
          <Link to="/directory/users" search={{ population: one.id }} className="font-semibold underline underline-offset-2">
            {one.name}
          </Link>{' '}
          {one.default && <Badge>Default</Badge>}
        </>
      ),
    },
    { name: 'Description', cell: (one) => one.description || <span className="text-soft">–</span> },
    { name: 'Made', cell: (one) => <Time at={one.created_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        may('populations:write') && (
          <RowMenu of={one.name}>
            <MenuItem onSelect={() => setEditing(one)}>Edit</MenuItem>
            {!one.default && (
              <MenuItem danger onSelect={() => setDeleting(one)}>
                Delete
              </MenuItem>
            )}
          </RowMenu>
        ),
    },
  ]
  return (
    <>
      <Head title="Populations" lead="Sets of people that somebody looks after. Everybody is in exactly one." actions={make} />
      {said.banner}
      <List query={query} columns={columns} rowKey={(one) => one.id} caption="List of populations" empty={<Empty title="No populations yet" about="directory" action={make} command="counterfoil population create partners" />} />
      {making && (
        <NewThing
          title="New population"
          verb="Create population"
          entries={entries}
          onClose={() => setMaking(false)}
          asked={(values) => ({ method: 'POST', path: '/populations', body: filled(values), cli: `population create ${arg(values.name || 'NAME')}${values.description ? ` --description ${arg(values.description)}` : ''}`, go: ['CreatePopulation'] })}
          make={async (key, values) => {
            const made = await ask(api.POST('/populations', { params: { header: { 'Idempotency-Key': key } }, body: { ...filled(values), name: values.name ?? '' } }))
            tell(`Population ${made.name} is made.`)
          }}
        />
      )}
      {editing && (
        <Edit
          one={editing}
          onClose={(saved) => {
            setEditing(undefined)
            if (saved) tell('The population is saved.')
          }}
        />
      )}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Delete ${deleting.name}?`}
          verb={`Delete population ${deleting.name}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(deleting.id))) return
            setDeleting(undefined)
            tell(`Population ${deleting.name} is deleted.`)
          }}
        >
          <p>Only a population in which nobody is can be deleted.</p>
        </Confirm>
      )}
    </>
  )
}

function Edit({ one, onClose }: { one: Population; onClose: (saved?: boolean) => void }) {
  const { data, error } = useQuery({ queryKey: ['populations', 'edit', one.id], queryFn: () => read(one.id), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open title={`Edit ${one.name}`} onClose={() => onClose()}>
      {data ? (
        <EditThing
          began={data}
          read={() => read(one.id)}
          write={(tag, values) => ask(api.PATCH('/populations/{population}', { params: { path: { population: one.id }, header: { 'If-Match': tag } }, body: values }))}
          valuesOf={({ name, description }) => ({ name, description })}
          entries={entries}
          verb="Save population"
          onCancel={() => onClose()}
          onDone={() => onClose(true)}
          asked={(values) => ({ method: 'PATCH', path: `/populations/${one.id}`, body: values, cli: `population edit ${one.id}${flagsOf(values)}`, go: ['UpdatePopulation', one.id] })}
        />
      ) : (
        <Waiting error={error} />
      )}
    </Dialog>
  )
}
