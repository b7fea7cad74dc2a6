import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { api, ask } from '../../api/client'
import type { Group } from '../../api/schema'
import { useMay } from '../../api/session'
import { useDialog, useFilters } from '../../ui/address'
import { Button } from '../../ui/button'
import { Empty } from '../../ui/page'
import { Search } from '../../ui/search'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { type Entry, filled, NewThing } from '../parts/forms'
import { Head } from './tabs'
import { arg, flagsOf } from '../../ui/shell'

export const groupEntries: readonly Entry[] = [
  { name: 'name', label: 'Name' },
  { name: 'description', label: 'Description', optional: true },
  { name: 'filter', label: 'Filter', optional: true, mono: true, hint: 'Makes a dynamic group: its members follow from a SCIM filter, such as title eq "Captain", and are not added by hand.' },
  { name: 'external_id', label: 'External ID', optional: true, hint: 'What another system calls the group.' },
]

/** The groups of the environment. */
export function Groups() {
  const [filters, setFilters] = useFilters()
  const may = useMay()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [making, setMaking, first] = useDialog('new', may('groups:write'))
  const query = useInfiniteQuery({
    queryKey: ['groups', filters.search],
    queryFn: ({ pageParam }) => ask(api.GET('/groups', { params: { query: { name: filters.search, cursor: pageParam } } })),
    ...paged,
  })
  const make = may('groups:write') && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New group
    </Button>
  )
  const columns: Column<Group>[] = [
    {
      name: 'Name',
      always: true,
      cell: (group) => (
        <Link to="/directory/groups/$group" params={{ group: group.id }} className="font-semibold break-words underline underline-offset-2">
          {group.name}
        </Link>
      ),
    },
    { name: 'Description', cell: (group) => group.description || <span className="text-soft">–</span> },
    { name: 'Members', always: true, cell: (group) => (group.filter ? 'By filter' : 'By hand') },
    { name: 'Changed', cell: (group) => <Time at={group.updated_at} /> },
  ]
  return (
    <>
      <Head title="Groups" lead="Sets of people that applications and other systems know." actions={make} />
      <div className="mb-4">
        <Search label="Find by whole name" value={filters.search ?? ''} onChange={(search) => setFilters({ search })} />
      </div>
      <List
        query={query}
        columns={columns}
        rowKey={(group) => group.id}
        caption="List of groups"
        empty={
          filters.search ? (
            <p>No group is called “{filters.search}”.</p>
          ) : (
            <Empty title="No groups yet" about="directory" action={make} command="counterfoil group create crew">
              A group has members that are added by hand, or that follow from a filter.
            </Empty>
          )
        }
      />
      {making && (
        <NewThing
          title="New group"
          verb="Create group"
          first={{ name: first }}
          entries={groupEntries}
          onClose={() => setMaking(false)}
          asked={(values) => ({
            method: 'POST',
            path: '/groups',
            body: filled(values),
            cli: `group create ${arg(values.name || 'NAME')}${flagsOf(filled({ ...values, name: '' }))}`,
            go: ['CreateGroup'],
          })}
          make={async (key, values) => {
            const made = await ask(api.POST('/groups', { params: { header: { 'Idempotency-Key': key } }, body: { ...filled(values), name: values.name ?? '' } }))
            void queries.invalidateQueries({ queryKey: ['groups'] })
            void navigate({ to: '/directory/groups/$group', params: { group: made.id } })
          }}
        />
      )}
    </>
  )
}
