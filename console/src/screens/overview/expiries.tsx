import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Expiry } from '../../api/schema'
import { ExpiryBadge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Twin } from '../../ui/chart'
import { cx } from '../../ui/class'
import { Waiting } from '../../ui/page'
import { Table } from '../../ui/table'
import { onDay } from '../../ui/time'
import { credentialKinds } from '../parts/kinds'

const day = 86_400_000
const days = 90

/** A strip with a square for each day, and the first to end below it. */
export function Expiries() {
  const { data, error } = useQuery({ queryKey: ['expiries', days], queryFn: () => ask(api.GET('/expiries', { params: { query: { days, limit: 200 } } })) })
  if (error) return <FailureBanner failure={failureOf(error)} />
  if (!data) return <Waiting />
  const now = Date.now()
  const ahead = data.items.filter((e) => Date.parse(e.expires_at) > now)
  if (ahead.length === 0) return <p className="text-soft">Nothing ends within 90 days.</p>
  const strip = Array.from({ length: days }, (_, i) => ahead.filter((e) => Math.floor((Date.parse(e.expires_at) - now) / day) === i))
  const name = `${ahead.length}${data.next ? ' or more' : ''} ${ahead.length === 1 ? 'credential ends' : 'credentials end'} within 90 days, ${strip.slice(0, 7).flat().length} within a week`
  return (
    <>
      <div role="img" aria-label={name} className="grid grid-cols-[repeat(30,minmax(0,1fr))] gap-1">
        {strip.map((ends, i) => (
          <div key={i} title={`${onDay(now + i * day)}: ${ends.length}`} className={cx('aspect-square max-h-6 rounded-sm', ends.length === 0 ? 'bg-line' : i < 7 ? 'bg-wrong' : 'bg-warn')} />
        ))}
      </div>
      <p className="mt-2 text-sm text-soft">{name}. A square is a day, from today on.</p>
      <Twin name="Credentials by their end" rows={[['application', 'client_id', 'kind', 'description', 'expires_at'], ...ahead.map((e) => [e.application, e.client_id, e.kind, e.description, e.expires_at])]}>
        <Ends all={ahead} />
      </Twin>
      <h3 className="mt-4 mb-2">Soonest</h3>
      <Ends all={ahead.slice(0, 5)} />
    </>
  )
}

const Ends = ({ all }: { all: readonly Expiry[] }) => (
  <Table
    rows={all}
    rowKey={(e) => e.credential_id}
    caption="Credentials by their end"
    columns={[
      {
        name: 'Application',
        always: true,
        cell: (e) => (
          <Link to="/applications/$application/credentials" params={{ application: e.client_id }} className="font-semibold underline-offset-4 hover:underline">
            {e.application}
          </Link>
        ),
      },
      { name: 'Credential', cell: (e) => `${credentialKinds[e.kind]}${e.description && ` – ${e.description}`}` },
      { name: 'Ends', always: true, cell: (e) => <ExpiryBadge at={e.expires_at} /> },
    ]}
  />
)
