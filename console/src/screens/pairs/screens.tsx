import { useInfiniteQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import type { Pair } from '../../api/schema'
import { useMay, useSession } from '../../api/session'
import { useDialog, useFilters } from '../../ui/address'
import { ExpiryBadge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Empty, PageHeader } from '../../ui/page'
import { Search } from '../../ui/search'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { unused } from '../parts/used'
import { NewPair } from './create'
import { PairDialog } from './detail'
import { accessName } from './words'

function usePairs(enabled: 'true' | 'false', search: string | undefined) {
  return useInfiniteQuery({
    queryKey: ['pairs', enabled, search],
    queryFn: ({ pageParam }) => ask(api.GET('/credentials', { params: { query: { enabled, search, cursor: pageParam } } })),
    ...paged,
  })
}

/** API credential pairs: the active ones, the disabled ones below. */
export function ApiCredentials() {
  const [filters, setFilters] = useFilters()
  const may = useMay()
  const { administrator } = useSession()
  const active = usePairs('true', filters.search)
  const disabled = usePairs('false', filters.search)
  const mayMake = administrator && may('credentials:write')
  const [making, setMaking, first] = useDialog('new', mayMake)
  const make = (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New credential
    </Button>
  )
  const columns: Column<Pair>[] = [
    {
      name: 'Name',
      always: true,
      cell: (pair) => (
        <button type="button" className="cursor-pointer text-left font-semibold underline-offset-4 hover:underline" onClick={() => setFilters({ open: pair.client_id }, true)}>
          {pair.name}
        </button>
      ),
    },
    { name: 'Access', always: true, cell: (pair) => accessName(pair.access) },
    { name: 'Last used', cell: (pair) => <Time at={pair.last_used_at} never={unused(pair.created_at)} /> },
    { name: 'Expires', cell: (pair) => <ExpiryBadge at={pair.expires_at} /> },
    { name: 'Created', cell: (pair) => <Time at={pair.created_at} /> },
  ]
  return (
    <>
      <PageHeader title="API credentials" lead="A client ID and a secret with one of five kinds of access. Name each after the developer and the application that use it: the name is how you find it again." actions={mayMake && make} />
      <div className="mb-4">
        <Search label="Filter by name" value={filters.search ?? ''} onChange={(search) => setFilters({ search })} />
      </div>
      <List
        query={active}
        columns={columns}
        rowKey={(pair) => pair.client_id}
        caption="Active API credentials"
        empty={
          filters.search ? (
            <p>No active credential has a name that begins with “{filters.search}”.</p>
          ) : (
            <Empty title="No API credentials yet" about="credentials" action={mayMake && make} command='counterfoil credential create "Ada – payroll" --access read-users'>
              An application that calls the API needs one to get its tokens.
            </Empty>
          )
        }
      />
      {(disabled.data?.pages[0]?.items.length ?? 0) > 0 && (
        <section className="mt-8" aria-labelledby="disabled">
          <h2 id="disabled" className="mb-3">
            Disabled
          </h2>
          <List query={disabled} columns={columns} rowKey={(pair) => pair.client_id} caption="Disabled API credentials" empty={null} />
        </section>
      )}
      {making && <NewPair first={first} onClose={() => setMaking(false)} />}
      {filters.open && <PairDialog clientId={filters.open} onClose={() => setFilters({ open: undefined })} />}
    </>
  )
}
