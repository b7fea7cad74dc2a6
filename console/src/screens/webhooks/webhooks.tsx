import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, ask } from '../../api/client'
import type { Webhook } from '../../api/schema'
import { useMay } from '../../api/session'
import { useDialog } from '../../ui/address'
import { Button } from '../../ui/button'
import { Empty, PageHeader } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { NewWebhook } from './create'
import { kindWords } from './kinds'
import { WebhookState } from './state'

/** The systems that are told what the ledger says. */
export function Webhooks() {
  const may = useMay()
  const query = useInfiniteQuery({
    queryKey: ['webhooks'],
    queryFn: ({ pageParam }) => ask(api.GET('/webhooks', { params: { query: { cursor: pageParam } } })),
    ...paged,
  })
  // Whoever points a webhook somewhere reads the ledger there.
  const mayMake = may('webhooks:write') && may('ledger:read')
  const [making, setMaking] = useDialog('new', mayMake)
  const make = mayMake && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New webhook
    </Button>
  )
  const columns: Column<Webhook>[] = [
    {
      name: 'URL',
      always: true,
      cell: (one) => (
        <>
          <Link to="/webhooks/$webhook" params={{ webhook: one.id }} className="font-semibold break-all underline">
            {one.url}
          </Link>
          {one.description && <span className="block text-sm text-soft">{one.description}</span>}
        </>
      ),
    },
    { name: 'Hears of', cell: (one) => kindWords(one.kinds) },
    { name: 'State', always: true, cell: (one) => <WebhookState one={one} /> },
    { name: 'Failures in a row', end: true, cell: (one) => <span className="tabular-nums">{one.failures}</span> },
    { name: 'Made', cell: (one) => <Time at={one.created_at} /> },
  ]
  return (
    <>
      <PageHeader title="Webhooks" lead="Systems of yours that are told what the ledger says, within a second and signed." actions={make} />
      <List
        query={query}
        columns={columns}
        rowKey={(one) => one.id}
        caption="Webhooks"
        empty={
          <Empty title="No webhooks yet" about="webhooks" action={make} command="counterfoil webhook create https://siem.example/hook">
            A webhook posts each event to an address of yours, and tries again until it is taken.
          </Empty>
        }
      />
      {making && <NewWebhook onClose={() => setMaking(false)} />}
    </>
  )
}
