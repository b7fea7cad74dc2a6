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
const first = 200 // the strip is asked for at each change, so it is not walked through to its end

const page = (cursor?: string) => ask(api.GET('/expiries', { params: { query: { days, limit: first, cursor } } }))

/** All of them, for a file. */
async function everything() {
  const all: Expiry[] = []
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await page(cursor)
    all.push(...items)
    if (!next) return all
    cursor = next
  }
}

const ahead = (all: readonly Expiry[]) => all.filter((e) => Date.parse(e.expires_at) > Date.now())

const rowsOf = (all: readonly Expiry[]) => [['application', 'client_id', 'kind', 'description', 'expires_at'], ...all.map((e) => [e.application, e.client_id, e.kind, e.description, e.expires_at])]

/** A strip with a square for each day, and the first to end below it. Of very many it has the first and says so. */
export function Expiries() {
  const { data, error } = useQuery({ queryKey: ['expiries', days], queryFn: () => page() })
  if (error) return <FailureBanner failure={failureOf(error)} />
  if (!data) return <Waiting />
  const now = Date.now()
  const known = ahead(data.items)
  const last = known.at(-1)
  if (!last) return <p className="text-soft">Nothing ends within 90 days.</p>
  const dayOf = (e: Expiry) => Math.floor((Date.parse(e.expires_at) - now) / day)
  const strip = Array.from({ length: days }, (_, i) => known.filter((e) => dayOf(e) === i))
  const cut = data.next ? dayOf(last) : days // from that day on there may be more than is known
  const more = (i: number) => (i >= cut ? ' or more' : '')
  const name = `${data.next ? 'More than ' : ''}${known.length} ${known.length === 1 ? 'credential ends' : 'credentials end'} within 90 days, ${strip.slice(0, 7).flat().length}${more(6)} within a week`
  return (
    <>
      <div role="img" aria-label={name} className="grid grid-cols-[repeat(30,minmax(0,1fr))] gap-1">
        {strip.map((ends, i) => (
          <div
            key={i}
            title={`${onDay(now + i * day)}: ${i > cut ? 'not counted' : `${ends.length}${more(i)}`}`}
            className={cx('aspect-square max-h-6 rounded-sm', i > cut ? 'border border-dashed border-edge' : ends.length === 0 ? 'bg-line' : i < 7 ? 'bg-wrong' : 'bg-warn')}
          />
        ))}
      </div>
      <p className="mt-2 text-sm text-soft">{name}. A square is a day, from today on.</p>
      {data.next && (
        <p className="mt-1 text-sm">
          Here are the first {known.length}, up to {onDay(last.expires_at)}; the days after it are not counted. All are in the CSV below, and at{' '}
          <Link to="/applications" search={{ expiring: `${days}d` }} className="underline underline-offset-2">
            the applications with a credential that expires within 90 days
          </Link>
          .
        </p>
      )}
      <Twin name="Credentials by their end" rows={rowsOf(known)} fetch={data.next ? async () => rowsOf(ahead(await everything())) : undefined}>
        <Ends all={known} />
      </Twin>
      <h3 className="mt-4 mb-2">Soonest</h3>
      <Ends all={known.slice(0, 5)} />
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
          <Link to="/applications/$application/credentials" params={{ application: e.client_id }} search={{ open: e.credential_id }} className="font-semibold underline-offset-4 hover:underline">
            {e.application}
          </Link>
        ),
      },
      { name: 'Credential', cell: (e) => `${credentialKinds[e.kind]}${e.description && ` – ${e.description}`}` },
      { name: 'Ends', always: true, cell: (e) => <ExpiryBadge at={e.expires_at} /> },
    ]}
  />
)
