import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Api as API } from '../../api/schema'
import { useMay } from '../../api/session'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Checkbox, Group } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { Search } from '../../ui/search'

/** The APIs of the environment, with their scopes: at most 200, which is what one page holds. */
export const useAPIs = () => {
  const may = useMay()
  return useQuery({ queryKey: ['apis', 'choice'], queryFn: () => ask(api.GET('/apis', { params: { query: { limit: 200 } } })), enabled: may('apis:read') })
}

const presets = [
  ['Read only', (name: string) => /(^|[:._-])read$/i.test(name)],
  ['Everything', () => true],
  ['Nothing', () => false],
] as const

/**
 * Which scopes of which APIs: by API, with a filter and presets for each. Nothing is ticked that nobody ticked. Scopes that are
 * held and belong to no API that is shown stay.
 */
export function ScopePicker({ label, hint, value, onChange, management, disabled }: { label: string; hint?: string; value: readonly string[]; onChange: (scopes: string[]) => void; /** Whether scopes of the management API are offered: workers get those from roles. */ management: boolean; disabled?: boolean }) {
  const may = useMay()
  const [filter, setFilter] = useState('')
  const { data, error, isLoading } = useAPIs()
  if (!may('apis:read')) return <Banner title="You may not see which APIs there are: that takes apis:read." />
  if (isLoading) return <Waiting lines={3} />
  if (error) return <FailureBanner failure={failureOf(error)} />
  const apis = (data?.items ?? []).filter((a) => management || !a.builtin).sort((a, b) => Number(a.builtin) - Number(b.builtin))
  const shown = apis.map((a) => ({ of: a, names: a.scopes.filter((s) => matches(a, s, filter)).map((s) => s.name) })).filter(({ names }) => names.length > 0)
  const take = (names: readonly string[], on: (name: string) => boolean) => onChange([...value.filter((s) => !names.includes(s)), ...names.filter(on)].sort())
  if (apis.length === 0) return <Banner title="There is no API yet whose scopes could be given. Make one in the settings: an API is what tokens are for." />
  return (
    <Group label={label} hint={hint} name="scopes">
      <Search label="Filter scopes" value={filter} onChange={setFilter} />
      <p role="status" className="text-sm text-soft">
        {summary(value, apis)}
      </p>
      {shown.length === 0 && <p>No scope has “{filter}” in its name.</p>}
      <div className="max-h-96 space-y-4 overflow-y-auto rounded-lg border border-line p-4" tabIndex={0} role="region" aria-label="Scopes by API">
        {shown.map(({ of, names }) => (
          <section key={of.id} aria-label={of.name} className="space-y-2">
            <div className="flex flex-wrap items-center gap-2">
              <h3 className="mr-auto font-semibold">
                {of.name} {of.builtin && <span className="font-normal text-soft">– the management API of Counterfoil itself</span>}
              </h3>
              {!disabled && (
                <div className="flex">
                  {presets.map(([words, on]) => (
                    <Button key={words} look="quiet" aria-label={`${words} of ${of.name}`} onClick={() => take(names, on)}>
                      {words}
                    </Button>
                  ))}
                </div>
              )}
            </div>
            <div className="grid gap-2 sm:grid-cols-2">
              {of.scopes
                .filter((s) => names.includes(s.name))
                .map((s) => (
                  <Checkbox key={s.name} disabled={disabled} label={<code className="font-mono text-sm break-all">{s.name}</code>} hint={s.description || undefined} checked={value.includes(s.name)} onChange={(e) => take([s.name], () => e.target.checked)} />
                ))}
            </div>
          </section>
        ))}
      </div>
    </Group>
  )
}

const matches = (a: API, s: { name: string; description?: string }, filter: string) =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${a.name} ${s.name} ${s.description ?? ''}`.toLowerCase().includes(word))

/** Says in a sentence what is ticked. */
function summary(value: readonly string[], apis: readonly API[]): string {
  if (value.length === 0) return 'Nothing is ticked: its tokens may do nothing.'
  const parts = apis.flatMap((a) => {
    const held = a.scopes.filter((s) => value.includes(s.name)).length
    return held > 0 ? [`${held} of ${a.scopes.length} of ${a.name}`] : []
  })
  const known = new Set(apis.flatMap((a) => a.scopes.map((s) => s.name)))
  const others = value.filter((s) => !known.has(s)).length
  return `Ticked: ${[...parts, ...(others > 0 ? [`${others} of other APIs`] : [])].join(', ')}.`
}
