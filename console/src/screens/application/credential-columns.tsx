import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { api, ask } from '../../api/client'
import { useSession } from '../../api/session'
import { ExpiryBadge, StateBadge } from '../../ui/badge'
import { Spark } from '../../ui/chart'
import type { Column } from '../../ui/table'
import { Time } from '../../ui/time'
import { unused, usedLately } from '../parts/used'
import { type Entry, nameOf, words } from './credential-kinds'
import { ScopeCount } from './credential-scopes'

/** Who made it: the person who looks, another one or a program by its id, or Counterfoil itself by a word. */
export function CreatedBy({ id }: { id: string }) {
  const { user } = useSession()
  if (id === user.id) return <>you</>
  return id.length === 36 ? <code title={id} className="font-mono text-sm">{id.slice(0, 8)}</code> : <>{id}</>
}

/** What it is recognised by: how a secret begins, the thumbprint of a certificate, the subject of a trust. */
function Mark({ one }: { one: Entry }) {
  const mark = one.fingerprint ?? (one.hint === nameOf(one) ? '' : one.hint)
  if (!mark) return null
  return (
    <code title={mark} className="inline-block max-w-32 truncate align-bottom font-mono">
      {one.kind === 'secret' ? `${mark}…` : mark}
    </code>
  )
}

const States = ({ one }: { one: Entry }) => (
  <span className="flex flex-col items-start gap-1">
    <StateBadge state={one.state} />
    {one.exposed_at && <StateBadge state="exposed" />}
  </span>
)

const hour = 3_600_000
const quarter = 6

/** A week of uses. What was not used lately is not asked for, so that a long table costs few requests. */
function Week({ one }: { one: Entry }) {
  const lately = usedLately(one.last_used_at)
  const { data } = useQuery({
    queryKey: ['usage', { credential: one.id }, '168'],
    queryFn: () => ask(api.GET('/usage', { params: { query: { credential: one.id, hours: 168 } } })),
    enabled: lately,
    staleTime: 60_000,
  })
  if (!lately) return null
  const bars = Array.from({ length: 168 / quarter }, () => 0)
  const last = Math.floor(Date.now() / hour)
  let sum = 0
  for (const item of data?.items ?? []) {
    const bar = bars.length - 1 - Math.floor((last - Math.floor(Date.parse(item.hour) / hour)) / quarter)
    if (bar >= 0) bars[bar]! += item.outcomes.uses
    sum += item.outcomes.uses
  }
  return <Spark values={bars} label={`${sum} uses of ${nameOf(one)} in the last 7 days`} />
}

/** The columns of the one table of credentials. */
export function columns({ onOpen, actions }: { onOpen: (one: Entry) => void; actions: (one: Entry) => ReactNode }): Column<Entry>[] {
  return [
    {
      name: 'Credential',
      always: true,
      cell: (one) => (
        <>
          <button type="button" className="cursor-pointer text-left font-semibold underline-offset-4 hover:underline" onClick={() => onOpen(one)}>
            {nameOf(one)}
          </button>
          <span className="block text-sm whitespace-nowrap text-soft">
            {words[one.kind].one.replace(/^./, (c) => c.toUpperCase())} <Mark one={one} />
          </span>
          <span className="mt-1 block sm:hidden">
            <States one={one} />
          </span>
        </>
      ),
    },
    { name: 'Status', cell: (one) => <States one={one} /> },
    { name: 'Scopes', cell: (one) => <ScopeCount scopes={one.scopes} of={nameOf(one)} /> },
    {
      name: 'Created',
      cell: (one) => (
        <>
          <Time at={one.created_at} />
          <span className="block text-sm whitespace-nowrap text-soft">
            by <CreatedBy id={one.created_by} />
          </span>
        </>
      ),
    },
    {
      name: 'Last used',
      cell: (one) => (
        <>
          <Time at={one.last_used_at} never={unused(one.created_at)} />
          {one.last_used_from && <span className="block max-w-40 truncate text-sm text-soft" title={one.last_used_by}>from {one.last_used_from}</span>}
          <Week one={one} />
        </>
      ),
    },
    { name: 'Expires', cell: (one) => <ExpiryBadge at={one.expires_at} /> },
    { name: <span className="sr-only">Actions</span>, always: true, end: true, cell: actions },
  ]
}
