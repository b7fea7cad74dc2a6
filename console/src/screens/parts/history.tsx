import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode } from 'react'
import { api, ask } from '../../api/client'
import type { Event } from '../../api/schema'
import { Copied } from '../../ui/copy'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { Export } from './export'

/** What of a ledger is asked for. */
export type Wanted = { subject?: string; actor?: string; kind?: string; from?: string; to?: string }

/** The newest events first. Columns of the thing itself are left out where there is but one. */
export function History({ of, caption, empty, exported, onActor }: { of: Wanted; caption: string; empty?: ReactNode; /** Whether what is shown can be taken as a file. */ exported?: boolean; /** Narrows the list to what one did. */ onActor?: (id: string) => void }) {
  const query = useInfiniteQuery({
    queryKey: ['ledger', of],
    queryFn: ({ pageParam }) => ask(api.GET('/ledger/events', { params: { query: { ...of, order: 'desc', cursor: pageParam } } })),
    ...paged,
  })
  const columns: Column<Event>[] = [
    { name: 'When', always: true, cell: (event) => <Time at={event.at} /> },
    { name: 'What', always: true, cell: (event) => <What event={event} /> },
    ...(of.subject ? [] : [{ name: 'On what', cell: (event: Event) => <Party {...event.subject} /> }]),
    { name: 'Who', cell: (event) => <Party {...event.actor} onChoose={of.actor ? undefined : onActor} /> },
    { name: 'Number', end: true, cell: (event) => <span className="tabular-nums text-soft">{event.number}</span> },
  ]
  return (
    <>
      {exported && (
        <div className="mb-3 flex flex-wrap justify-end gap-2">
          <Export of={of} />
        </div>
      )}
      <List query={query} columns={columns} rowKey={(event) => String(event.number)} caption={caption} empty={empty ?? <p className="text-soft">Nothing has happened yet.</p>} />
    </>
  )
}

type Payload = { actor?: Record<string, string>; before?: Record<string, unknown>; after?: Record<string, unknown> }

/** Words for a kind, such as "secret created" for credential.secret_created. */
export const kindWords = (kind: string) => kind.replace(/[._]/g, ' ')

function What({ event }: { event: Event }) {
  if (!event.payload) {
    return (
      <>
        {kindWords(event.kind)} <span className="text-soft">(what it said was erased)</span>
      </>
    )
  }
  const { actor = {}, before = {}, after = {} } = JSON.parse(event.payload) as Payload
  // Many events tell all of a thing before and after: what is the same in both has not changed.
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
  const about = Object.entries(actor)
  if (fields.length === 0 && about.length === 0) return <>{kindWords(event.kind)}</>
  return (
    <details>
      <summary className="cursor-pointer">{kindWords(event.kind)}</summary>
      <dl className="mt-2 grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[max-content_1fr]">
        {fields.map((field) => (
          <div key={field} className="contents">
            <dt className="text-soft">{field}</dt>
            <dd className="min-w-0 break-all">
              {field in before && <del className="mr-2 text-wrong">{shown(before[field])}</del>}
              {field in after && <ins className="text-good no-underline">{shown(after[field])}</ins>}
            </dd>
          </div>
        ))}
        {about.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{{ request: 'Request', address: 'From', credential: 'With credential' }[name] ?? name}</dt>
            <dd className="break-all">{name === 'request' ? <Copied text={String(value)} what="the request id" /> : String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

const shown = (value: unknown) => (typeof value === 'string' ? value || '(empty)' : JSON.stringify(value))

function Party({ kind, id, onChoose }: { kind: string; id: string; onChoose?: (id: string) => void }) {
  return (
    <span>
      {kind}
      {id && (
        <code className="block font-mono text-xs break-all text-soft">
          {kind === 'application' ? (
            <Link to="/applications/$application" params={{ application: id }} className="underline underline-offset-2">
              {id}
            </Link>
          ) : kind === 'user' ? (
            <Link to="/directory/users/$user" params={{ user: id }} className="underline underline-offset-2">
              {id}
            </Link>
          ) : (
            id
          )}
        </code>
      )}
      {id && onChoose && (
        <button type="button" aria-label={`Only theirs: ${kind} ${id}`} onClick={() => onChoose(id)} className="min-h-6 cursor-pointer text-sm text-soft underline underline-offset-2 hover:text-ink">
          Only theirs
        </button>
      )}
    </span>
  )
}
