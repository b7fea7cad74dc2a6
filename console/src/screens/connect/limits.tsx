import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import type { ProxyLimit } from '../../api/schema'
import { Button } from '../../ui/button'
import { Checkbox, Group, Select, TextArea } from '../../ui/field'
import { linesOf } from './words'

export type LimitDraft = { key: string; application: string; methods: readonly string[]; paths: string }

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export const emptyLimit = (): LimitDraft => ({ key: crypto.randomUUID(), application: '', methods: [], paths: '' })

export const limitDraft = (limit: ProxyLimit): LimitDraft => ({ key: crypto.randomUUID(), application: limit.application ?? '', methods: limit.methods ?? [], paths: (limit.paths ?? []).join('\n') })

/** What the API takes. An empty list would mean nothing at all where the form means everything, so it is left out. */
export const limitOf = ({ application, methods: chosen, paths }: LimitDraft): ProxyLimit => ({
  ...(application && { application }),
  ...(chosen.length > 0 && { methods: [...chosen] }),
  ...(linesOf(paths).length > 0 && { paths: linesOf(paths) }),
})

/** What applications may send through the proxy. */
export function Limits({ limits, onAdd, onChange }: { limits: readonly LimitDraft[]; onAdd: () => void; onChange: (limits: LimitDraft[]) => void }) {
  const applications = useQuery({ queryKey: ['applications', 'choice'], queryFn: () => ask(api.GET('/applications', { params: { query: { limit: 200 } } })) })
  const change = (one: LimitDraft, part: Partial<LimitDraft>) => onChange(limits.map((each) => (each.key === one.key ? { ...each, ...part } : each)))
  const named = (one: LimitDraft) => applications.data?.items.find((a) => a.client_id === one.application)?.name ?? one.application
  return (
    <Group label="Limits of the proxy" hint={limits.length === 0 ? 'Without any, every application that may use connections may send everything.' : 'An application is held to the limit that names it, else to the one for all others.'} name="limits">
      {limits.map((one, i) => (
        <div key={one.key} role="group" aria-label={`Limit ${i + 1}`} className="space-y-4 rounded-lg border border-line p-4">
          <Select
            name={`limits[${i}].application`}
            label="Application"
            value={one.application}
            onChange={(e) => change(one, { application: e.target.value })}
            options={[
              ['', 'All that no other limit names'],
              ...(applications.data?.items ?? []).map((a) => [a.client_id, a.name] as const),
              ...(one.application && !applications.data?.items.some((a) => a.client_id === one.application) ? [[one.application, one.application] as const] : []),
            ]}
          />
          <Group label="Methods" hint="None ticked: all." name={`limits[${i}].methods`}>
            <div className="flex flex-wrap gap-x-5 gap-y-2">
              {methods.map((method) => (
                <Checkbox key={method} label={method} checked={one.methods.includes(method)} onChange={(e) => change(one, { methods: e.target.checked ? [...one.methods, method] : one.methods.filter((m) => m !== method) })} />
              ))}
            </div>
          </Group>
          <TextArea name={`limits[${i}].paths`} label="Paths" optional hint="One a line: the beginnings of paths that are passed on, in whole segments. None: all." mono value={one.paths} onChange={(e) => change(one, { paths: e.target.value })} />
          <Button onClick={() => onChange(limits.filter((each) => each.key !== one.key))}>Take away the limit for {one.application ? named(one) : 'all others'}</Button>
        </div>
      ))}
      <Button onClick={onAdd}>Add a limit</Button>
    </Group>
  )
}
