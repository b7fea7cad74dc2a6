import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Connection } from '../../api/schema'
import { useMay } from '../../api/session'
import { useDialog, useFilters } from '../../ui/address'
import { Button } from '../../ui/button'
import { Select } from '../../ui/field'
import { Empty } from '../../ui/page'
import { Search } from '../../ui/search'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { useConnectors } from './choice'
import { Health } from './health'
import { NewConnection } from './newconnection'
import { NewLink } from './newlink'
import { ConnectionState } from './state'
import { Head } from './tabs'
import { tagText, whose } from './words'

const states = [
  ['', 'All states'],
  ['healthy', 'Healthy'],
  ['failing', 'Failing'],
  ['exhausted', 'Given up'],
] as const

/** What customers have connected. */
export function Connections() {
  const [filters, setFilters] = useFilters()
  const may = useMay()
  const [linking, setLinking] = useState(false)
  const [entering, setEntering] = useDialog('new', may('connections:write'))
  const connectors = useConnectors()
  const { connector, end_user, tag } = filters
  const state = states.find(([value]) => value && value === filters.state)?.[0] || undefined
  const filtered = Boolean(connector || end_user || tag || state)
  const query = useInfiniteQuery({
    queryKey: ['connections', { connector, state, end_user, tag }],
    queryFn: ({ pageParam }) => ask(api.GET('/connect/connections', { params: { query: { connector, state: state as Connection['state'], end_user, tag: tag ? [tag] : undefined, cursor: pageParam } } })),
    ...paged,
  })
  const columns: Column<Connection>[] = [
    {
      name: 'Name',
      always: true,
      cell: (one) => (
        <Link to="/connect/connections/$connection" params={{ connection: one.id }} className="font-semibold underline">
          {one.name || one.id}
        </Link>
      ),
    },
    { name: 'State', always: true, cell: (one) => <ConnectionState one={one} /> },
    { name: 'Connector', cell: (one) => one.connector },
    { name: 'Whose', cell: (one) => whose(one) || <span className="text-soft">–</span> },
    { name: 'Tags', cell: (one) => <Tags tags={one.tags} onChoose={(chosen) => setFilters({ tag: chosen })} /> },
    { name: 'Last used', cell: (one) => <Time at={one.last_used_at} /> },
  ]
  const make = may('connections:write') && (
    <>
      <Button onClick={() => setEntering(true)}>New connection</Button>
      <Button look="primary" data-key="c" onClick={() => setLinking(true)}>
        New link
      </Button>
    </>
  )
  return (
    <>
      <Head actions={make} />
      <Health />
      <div className="mb-4 flex flex-wrap items-end gap-3">
        <Select label="Connector" value={connector ?? ''} onChange={(e) => setFilters({ connector: e.target.value })} options={[['', 'All connectors'], ...connectors.all.map((one) => [one.name, one.title] as const)]} />
        <Select label="State" value={state ?? ''} onChange={(e) => setFilters({ state: e.target.value })} options={states} />
        <Search label="End user" placeholder="Id of an end user" value={end_user ?? ''} onChange={(text) => setFilters({ end_user: text })} />
        <Search label="Tag" placeholder="Tag, as name=value" value={tag ?? ''} onChange={(text) => setFilters({ tag: text })} />
        {filtered && <Button onClick={() => setFilters({ connector: '', state: '', end_user: '', tag: '' })}>Show all</Button>}
      </div>
      <List
        query={query}
        columns={columns}
        rowKey={(one) => one.id}
        caption="Connections"
        empty={
          filtered ? (
            <p>No connection is like that.</p>
          ) : (
            <Empty title="Nothing is connected yet" about="connect" action={make} command="counterfoil connect link pingone">
              Make a link and send it to a customer: what they enter is tried at once, and only what works is kept.
            </Empty>
          )
        }
      />
      {entering && <NewConnection onClose={() => setEntering(false)} />}
      {linking && <NewLink onClose={() => setLinking(false)} />}
    </>
  )
}

function Tags({ tags, onChoose }: { tags: Record<string, string>; onChoose: (tag: string) => void }) {
  const all = tagText(tags)
  if (all.length === 0) return <span className="text-soft">–</span>
  return (
    <span className="flex flex-wrap gap-1">
      {all.map((tag) => (
        <button key={tag} type="button" title={`Only those with ${tag}`} onClick={() => onChoose(tag)} className="min-h-6 cursor-pointer rounded-full border border-line px-2 text-sm hover:border-accent">
          {tag}
        </button>
      ))}
    </span>
  )
}
