import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { useFilters } from '../../ui/address'
import { Badge, ExpiryBadge, StateBadge } from '../../ui/badge'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Empty, PageHeader } from '../../ui/page'
import { Search } from '../../ui/search'
import { type Column, List, paged } from '../../ui/table'
import { Countdown, Time, useNow } from '../../ui/time'
import { kindName } from '../parts/kinds'
import { NewApplication } from './create'
import { Filter } from './filter'

/** The applications of the environment. */
export function Applications() {
  const [filters, setFilters] = useFilters()
  const [making, setMaking] = useState(false)
  const may = useMay()
  const query = useInfiniteQuery({
    queryKey: ['applications', 'list', filters.search, filters.kind, filters.enabled, filters.locked, filters.expiring],
    queryFn: ({ pageParam }) =>
      ask(
        api.GET('/applications', {
          params: {
            query: {
              cursor: pageParam,
              search: filters.search,
              kind: filters.kind ? [filters.kind as Application['kind']] : undefined,
              enabled: filters.enabled ? (filters.enabled === 'no' ? 'false' : 'true') : undefined,
              locked: filters.locked ? true : undefined,
              expiring_days: Number.parseInt(filters.expiring ?? '', 10) || undefined,
            },
          },
        }),
      ),
    ...paged,
  })
  const make = may('applications:write') && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New application
    </Button>
  )
  const filtered = filters.search || filters.kind || filters.enabled || filters.locked || filters.expiring
  return (
    <>
      <PageHeader title="Applications" lead="Programs that call APIs. Each has a client ID and credentials of its own." actions={make} />
      {filters.deleted && (
        <div className="mb-4">
          <Banner kind="good" title={`${filters.deleted} is deleted, and its tokens are dead.`} />
        </div>
      )}
      <div className="mb-4 flex flex-wrap items-end gap-3">
        <Search label="Filter by name or client ID" value={filters.search ?? ''} onChange={(search) => setFilters({ search })} />
        <Filter label="Kind" name="kind" options={[['', 'All kinds'], ['service', 'Services'], ['worker', 'Workers'], ['pair', 'API credentials']]} />
        <Filter label="State" name="enabled" options={[['', 'Any state'], ['yes', 'Enabled'], ['no', 'Disabled']]} />
        <Filter label="Lock" name="locked" options={[['', 'Locked or not'], ['yes', 'Locked']]} />
        {may('credentials:read') && <Filter label="Expiry" name="expiring" options={[['', 'Any expiry'], ['7d', 'Expires within 7 days'], ['30d', 'Expires within 30 days'], ['90d', 'Expires within 90 days']]} />}
      </div>
      <List
        query={query}
        columns={may('credentials:read') ? [...columns.slice(0, 3), ...credentialColumns, ...columns.slice(3)] : columns}
        rowKey={(application) => application.client_id}
        caption="Applications"
        empty={
          filtered ? (
            <div className="space-y-3">
              <p role="status">No application fits these filters.</p>
              <Button onClick={() => setFilters({ search: undefined, kind: undefined, enabled: undefined, locked: undefined, expiring: undefined })}>Show all</Button>
            </div>
          ) : (
            <Empty title="No applications yet" about="credentials" action={make} command="counterfoil app create billing">
              A program that calls an API is an application: it gets a client ID and a secret, and with them its tokens.
            </Empty>
          )
        }
      />
      {make && (making || filters.new !== undefined) && (
        <NewApplication
          first={{ name: filters.new, kind: filters.new_kind, description: filters.new_description }}
          onClose={() => {
            setMaking(false)
            setFilters({ new: '', new_kind: '', new_description: '' })
          }}
        />
      )}
    </>
  )
}

/** A lock that is there, and goes when its time is over: nothing happens then that the list could hear of. */
function Locked({ until }: { until: string }) {
  if (useNow() >= Date.parse(until)) return null
  return (
    <Badge kind="wrong" icon={Lock}>
      Locked <Countdown to={until} />
    </Badge>
  )
}

const columns: Column<Application>[] = [
  {
    name: 'Name',
    always: true,
    cell: (application) => (
      <div className="min-w-40">
        <Link to="/applications/$application" params={{ application: application.client_id }} className="font-semibold break-words underline-offset-4 hover:underline">
          {application.name}
        </Link>
        {application.description && <p className="line-clamp-1 text-sm text-soft">{application.description}</p>}
      </div>
    ),
  },
  {
    name: 'State',
    always: true,
    cell: (application) => (
      <span className="flex flex-wrap gap-1.5">
        <StateBadge state={application.enabled ? 'enabled' : 'disabled'} />
        {application.locked_until && <Locked until={application.locked_until} />}
      </span>
    ),
  },
  { name: 'Kind', cell: (application) => kindName(application.kind) },
  { name: 'Created', cell: (application) => <Time at={application.created_at} /> },
]

const credentialColumns: Column<Application>[] = [
  { name: 'Credentials', end: true, cell: (application) => <span className="tabular-nums">{application.credentials ?? 0}</span> },
  { name: 'Next expiry', always: true, cell: (application) => <ExpiryBadge at={application.next_expiry} /> },
]
