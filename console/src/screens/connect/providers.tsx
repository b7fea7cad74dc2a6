import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink, OctagonX } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Provider } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { useFilters } from '../../ui/address'
import { announce } from '../../ui/announce'
import { Badge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button, ButtonLink } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Waiting } from '../../ui/page'
import { Search } from '../../ui/search'
import { reached } from '../parts/warning'
import { Head } from './tabs'
import { modes } from './words'

/** Reads the whole catalogue, which has some tens of entries: it comes with the program. */
export async function allProviders(): Promise<Provider[]> {
  const all: Provider[] = []
  let cursor: string | undefined
  do {
    const page = await ask(api.GET('/connect/providers', { params: { query: { limit: 100, cursor } } }))
    all.push(...page.items)
    cursor = page.next
  } while (cursor)
  return all
}

/** The systems that can be connected. */
export function Providers() {
  const queries = useQueryClient()
  const may = useMay()
  const [filters, setFilters] = useFilters()
  const [stopping, setStopping] = useState<Provider>()
  const [said, setSaid] = useState('')
  const { data, error, isPending } = useQuery({ queryKey: ['providers'], queryFn: allProviders })
  const at = (one: Provider) => ({ params: { path: { provider: one.name } } })
  const stop = useAction((_, one: Provider) => ask(api.POST('/connect/providers/{provider}/stop', at(one))))
  const resume = useAction((_, one: Provider) => ask(api.POST('/connect/providers/{provider}/resume', at(one))))
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['providers'] })
    void queries.invalidateQueries({ queryKey: ['connectors'] })
  }
  const goOn = async (one: Provider) => {
    const done = await resume.run(one)
    if (done) tell(`${one.display_name} goes on. ${reached(done.propagated)}`)
  }
  const search = (filters.search ?? '').toLowerCase()
  const shown = (data ?? []).filter((one) => `${one.display_name} ${one.name} ${one.categories.join(' ')}`.toLowerCase().includes(search))
  return (
    <>
      <Head />
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <Search label="Filter by name" value={filters.search ?? ''} onChange={(text) => setFilters({ search: text })} />
        {data && (
          <p className="text-soft">
            {shown.length} of {data.length}
          </p>
        )}
      </div>
      <div className="mb-4 space-y-3 empty:hidden">
        {said && <Banner kind="good" title={said} />}
        <FailureBanner failure={resume.failure ?? (error ? failureOf(error) : undefined)} />
      </div>
      {isPending && <Waiting lines={6} />}
      {data && shown.length === 0 && <p>No provider is called that. Any system that gives tokens for client credentials works with “OAuth 2.0 client credentials”.</p>}
      <ul className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
        {shown.map((one) => (
          <li key={one.name} className="flex flex-col gap-3 rounded-xl border border-line bg-card p-4">
            <div className="flex flex-wrap items-center gap-2">
              <h2 className="text-base">{one.display_name}</h2>
              {one.stopped && (
                <Badge kind="wrong" icon={OctagonX}>
                  Stopped
                </Badge>
              )}
            </div>
            <p className="text-sm text-soft">
              <code className="font-mono">{one.name}</code> · {modes[one.mode]} · {one.categories.join(', ')}
            </p>
            <Fields provider={one} />
            <p>
              <a href={one.docs} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1 text-sm underline">
                Documentation<span className="sr-only"> of {one.display_name}, in a new window</span> <ExternalLink aria-hidden="true" className="size-4" />
              </a>
            </p>
            {may('connections:write') && (
              <div className="mt-auto flex flex-wrap gap-2">
                  {!one.stopped && (
                    <ButtonLink to="/connect/connectors" search={{ provider: one.name }}>
                      Use it<span className="sr-only">: {one.display_name}</span>
                    </ButtonLink>
                  )}
                  {one.stopped ? (
                    <Button aria-label={`Let ${one.display_name} go on`} busy={resume.busy} onClick={() => goOn(one)}>
                      Resume
                    </Button>
                  ) : (
                    <Button look="danger" aria-label={`Stop ${one.display_name}`} onClick={() => setStopping(one)}>
                      Stop
                    </Button>
                  )}
              </div>
            )}
          </li>
        ))}
      </ul>
      {stopping && (
        <Confirm
          open
          onClose={() => setStopping(undefined)}
          title={`Stop ${stopping.display_name}?`}
          verb={`Stop ${stopping.display_name}`}
          busy={stop.busy}
          failure={stop.failure}
          onConfirm={async () => {
            const done = await stop.run(stopping)
            if (!done) return
            setStopping(undefined)
            tell(`${stopping.display_name} is stopped: none of its connections is used. ${reached(done.propagated)}`)
          }}
        >
          <p>No connection of this environment to it hands out a token or passes a request on, and nobody can connect to it. Tokens that programs hold already go on until they end.</p>
          <p>Nothing is deleted: resuming undoes it.</p>
        </Confirm>
      )}
    </>
  )
}

/** What a provider asks for. */
function Fields({ provider }: { provider: Provider }) {
  return (
    <details>
      <summary className="w-fit cursor-pointer text-sm">
        {provider.fields.length} {provider.fields.length === 1 ? 'field' : 'fields'}: {provider.fields.map((field) => field.title).join(', ')}
      </summary>
      <dl className="mt-2 space-y-2 text-sm">
        {provider.fields.map((field) => (
          <div key={field.name}>
            <dt>
              <span className="font-semibold">{field.title}</span> <code className="font-mono text-soft">{field.name}</code>
              {field.secret && <span className="text-soft"> · secret</span>}
              {field.optional && <span className="text-soft"> · optional</span>}
            </dt>
            {field.description && <dd className="text-soft">{field.description}</dd>}
            {(field.choices ?? []).length > 0 && <dd className="text-soft">One of {(field.choices ?? []).map((choice) => choice.label).join(', ')}</dd>}
          </div>
        ))}
      </dl>
    </details>
  )
}
