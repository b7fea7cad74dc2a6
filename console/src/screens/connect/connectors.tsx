import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { OctagonX } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Connector } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { useFilters } from '../../ui/address'
import { announce } from '../../ui/announce'
import { Badge, StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Empty } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { reached } from '../parts/warning'
import { EditConnector, NewConnector } from './connector'
import { Head } from './tabs'

/** What the environment uses providers for. */
export function Connectors() {
  const queries = useQueryClient()
  const may = useMay()
  const [filters, setFilters] = useFilters() // a provider in the address opens the form for it: the catalogue leads here
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState<Connector>()
  const [stopping, setStopping] = useState<Connector>()
  const [deleting, setDeleting] = useState<Connector>()
  const [said, setSaid] = useState<{ text: string; undo?: Connector }>()
  const query = useInfiniteQuery({
    queryKey: ['connectors'],
    queryFn: ({ pageParam }) => ask(api.GET('/connect/connectors', { params: { query: { cursor: pageParam } } })),
    ...paged,
  })
  const at = (one: Connector) => ({ params: { path: { connector: one.name } } })
  const disable = useAction((_, one: Connector) => ask(api.POST('/connect/connectors/{connector}/disable', at(one))))
  const enable = useAction((_, one: Connector) => ask(api.POST('/connect/connectors/{connector}/enable', at(one))))
  const remove = useAction((_, one: Connector) => ask(api.DELETE('/connect/connectors/{connector}', at(one))))
  const tell = (text: string, undo?: Connector) => {
    setSaid({ text, undo })
    announce(text)
    void queries.invalidateQueries({ queryKey: ['connectors'] })
  }
  const on = async (one: Connector) => {
    const done = await enable.run(one)
    if (done) tell(`${one.title} is enabled. ${reached(done.propagated)}`)
  }
  const off = async (one: Connector) => {
    const done = await disable.run(one)
    if (!done) return
    setStopping(undefined)
    tell(`${one.title} is disabled: none of its connections is used. ${reached(done.propagated)}`, one)
  }
  const mayChange = may('connections:write')
  const make = mayChange && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New connector
    </Button>
  )
  const columns: Column<Connector>[] = [
    {
      name: 'Connector',
      always: true,
      cell: (one) => (
        <>
          <span className="font-semibold">{one.title}</span>
          <span className="block text-sm text-soft">
            <code className="font-mono">{one.name}</code>
            {one.provider !== one.name && ` from ${one.provider}`}
          </span>
          {one.description && <span className="block text-sm text-soft">{one.description}</span>}
        </>
      ),
    },
    {
      name: 'State',
      always: true,
      cell: (one) => (
        <span className="flex flex-wrap gap-1">
          <StateBadge state={one.enabled ? 'enabled' : 'disabled'} />
          {one.stopped && (
            <Badge kind="wrong" icon={OctagonX}>
              Provider stopped
            </Badge>
          )}
        </span>
      ),
    },
    { name: 'Preset', cell: (one) => Object.keys(one.presets).join(', ') || <span className="text-soft">Nothing</span> },
    { name: 'Limits', cell: (one) => (one.limits.length ? `For ${one.limits.length}` : <span className="text-soft">None</span>) },
    {
      name: 'Connections',
      cell: (one) => (
        <Link to="/connect/connections" search={{ connector: one.name }} className="underline">
          Show<span className="sr-only"> those of {one.title}</span>
        </Link>
      ),
    },
    { name: 'Changed', cell: (one) => <Time at={one.updated_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        mayChange && (
          <RowMenu of={one.title}>
            <MenuItem onSelect={() => setEditing(one)}>Edit</MenuItem>
            {one.enabled ? <MenuItem onSelect={() => setStopping(one)}>Disable</MenuItem> : <MenuItem onSelect={() => on(one)}>Enable</MenuItem>}
            <MenuItem danger onSelect={() => setDeleting(one)}>
              Delete
            </MenuItem>
          </RowMenu>
        ),
    },
  ]
  return (
    <>
      <Head actions={make} />
      <div className="mb-4 space-y-3 empty:hidden">
        {said && (
          <Banner kind="good" title={said.text}>
            {said.undo && <Button onClick={() => on(said.undo!)}>Undo: enable it again</Button>}
          </Banner>
        )}
        <FailureBanner failure={enable.failure} />
      </div>
      <List
        query={query}
        columns={columns}
        rowKey={(one) => one.id}
        caption="Connectors"
        empty={
          <Empty title="No connectors yet" about="connect" action={make} command="counterfoil connect connector create pingone">
            A connector is your use of a provider: what is preset, which scopes are asked for, and who may send what.
          </Empty>
        }
      />
      {mayChange && (making || filters.provider) && (
        <NewConnector
          key={filters.provider}
          provider={filters.provider}
          onClose={(text) => {
            setMaking(false)
            setFilters({ provider: '' })
            if (text) tell(text)
          }}
        />
      )}
      {editing && (
        <EditConnector
          one={editing}
          onClose={(text) => {
            setEditing(undefined)
            if (text) tell(text)
          }}
        />
      )}
      {stopping && (
        <Confirm open onClose={() => setStopping(undefined)} title={`Disable ${stopping.title}?`} verb={`Disable ${stopping.title}`} busy={disable.busy} failure={disable.failure} onConfirm={() => off(stopping)}>
          <p>No connection of it hands out a token or passes a request on, and nobody can connect with it. Nothing is deleted: enabling undoes it.</p>
        </Confirm>
      )}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Delete ${deleting.title}?`}
          verb={`Delete ${deleting.title}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(deleting))) return
            setDeleting(undefined)
            tell(`${deleting.title} is deleted.`)
          }}
        >
          <p>It is gone for good. That is possible once it has no connections.</p>
        </Confirm>
      )}
    </>
  )
}
