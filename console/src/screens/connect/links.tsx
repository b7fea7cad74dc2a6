import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleX, Clock } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { ConnectSession } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge } from '../../ui/badge'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Empty } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { NewLink } from './newlink'
import { Head } from './tabs'

const states = {
  open: ['good', Clock, 'Open'],
  used: ['plain', CircleCheck, 'Used'],
  expired: ['plain', CircleX, 'Over'],
} as const

/** The links that were made: each lets a customer enter one credential, once. */
export function Links() {
  const queries = useQueryClient()
  const may = useMay()
  const [linking, setLinking] = useState(false)
  const [ending, setEnding] = useState<ConnectSession>()
  const [said, setSaid] = useState('')
  const query = useInfiniteQuery({
    queryKey: ['connect-sessions'],
    queryFn: ({ pageParam }) => ask(api.GET('/connect/sessions', { params: { query: { cursor: pageParam } } })),
    ...paged,
  })
  const end = useAction((_, id: string) => ask(api.DELETE('/connect/sessions/{connect_session}', { params: { path: { connect_session: id } } })))
  const mayChange = may('connections:write')
  const make = mayChange && (
    <Button look="primary" data-key="c" onClick={() => setLinking(true)}>
      New link
    </Button>
  )
  const columns: Column<ConnectSession>[] = [
    {
      name: 'For',
      always: true,
      cell: (one) => (one.connectors.length > 0 ? <span className="font-semibold">{one.connectors.join(', ')}</span> : 'a connection that there is'),
    },
    {
      name: 'State',
      always: true,
      cell: (one) => {
        const [kind, icon, words] = states[one.state]
        return (
          <Badge kind={kind} icon={icon}>
            {words}
          </Badge>
        )
      },
    },
    {
      name: 'Connection',
      cell: (one) =>
        one.connection ? (
          <Link to="/connect/connections/$connection" params={{ connection: one.connection }} className="underline">
            {one.state === 'used' ? 'What came of it' : 'Connect again'}
          </Link>
        ) : (
          <span className="text-soft">–</span>
        ),
    },
    { name: 'Made', cell: (one) => <Time at={one.created_at} /> },
    { name: 'Ends', cell: (one) => <Time at={one.used_at ?? one.expires_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) => mayChange && one.state === 'open' && <Button aria-label={`End the link for ${one.connectors.join(', ') || 'a connection'}, made ${one.created_at}`} onClick={() => setEnding(one)}>End</Button>,
    },
  ]
  return (
    <>
      <Head actions={make} />
      <p className="mb-4 max-w-prose text-soft">A link works once, for as long as you say. It is shown when it is made and never again: what is lost is ended here and made anew.</p>
      <div className="mb-4 empty:hidden">{said && <Banner kind="good" title={said} />}</div>
      <List
        query={query}
        columns={columns}
        rowKey={(one) => one.id}
        caption="Links"
        empty={
          <Empty title="No links yet" about="connect" action={make} command="counterfoil connect link pingone --expires 24h">
            A link leads a customer to the page on which they connect.
          </Empty>
        }
      />
      {linking && <NewLink onClose={() => setLinking(false)} />}
      {ending && (
        <Confirm
          open
          onClose={() => setEnding(undefined)}
          title="End this link?"
          verb={`End link for ${ending.connectors.join(', ') || 'a connection'}`}
          busy={end.busy}
          failure={end.failure}
          onConfirm={async () => {
            if (!(await end.run(ending.id))) return
            setEnding(undefined)
            setSaid('The link is ended: whoever has it is told that it is over.')
            announce('The link is ended')
            void queries.invalidateQueries({ queryKey: ['connect-sessions'] })
          }}
        >
          <p>Whoever has it can enter nothing any more. What was connected with it stays.</p>
        </Confirm>
      )}
    </>
  )
}
