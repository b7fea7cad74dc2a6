import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Connector, ConnectorChange, NewConnector as New, ProxyLimit } from '../../api/schema'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select, TextField } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { hidden, ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { ConnectorFields, emptyDraft, type Draft, draftOf, known, valuesOf } from './draft'
import { allProviders } from './providers'
import { tagText } from './words'
import { arg, flagsOf } from '../../ui/shell'

/** Makes a connector from a provider of the catalogue. */
export function NewConnector({ provider, onClose }: { provider?: string; onClose: (said?: string) => void }) {
  const [chosen, setChosen] = useState(provider ?? '')
  const [name, setName] = useState('')
  const [draft, setDraft] = useState(emptyDraft)
  const providers = useQuery({ queryKey: ['providers'], queryFn: allProviders })
  const from = providers.data?.find((one) => one.name === chosen)
  const values = valuesOf(draft)
  const body: New = { provider: chosen, ...(name && { name }), ...filled(values) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/connect/connectors', { params: { header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const made = await run()
    if (made) onClose(`${made.title} can be connected.`)
  }
  return (
    <Dialog open wide title="New connector" onClose={() => onClose()}>
      <Form failure={failure} onSubmit={save}>
        <Select
          name="provider"
          label="Provider"
          value={chosen}
          onChange={(e) => {
            setChosen(e.target.value)
            setDraft({ ...draft, presets: {} })
          }}
          options={[['', 'Choose …'], ...(providers.data ?? []).map((one) => [one.name, one.stopped ? `${one.display_name} (stopped)` : one.display_name] as const)]}
        />
        <TextField name="name" label="Name" optional hint={`Your own word for it: lowercase letters, digits and hyphens. ${chosen ? `Without one: ${chosen}.` : ''}`} value={name} onChange={(e) => setName(e.target.value)} />
        <ConnectorFields draft={draft} onChange={setDraft} provider={from} />
        <FailureBanner failure={failure} known={['provider', 'name', ...known(from)]} />
        <ShowAs
          asked={{
            method: 'POST',
            path: '/connect/connectors',
            body: { ...body, ...(draft.client_secret && { client_secret: hidden }) },
            cli: `connect connector create ${arg(chosen || 'PROVIDER')}${name && ` --name ${arg(name)}`}${lineOf(filled(values))}`,
            go: ['CreateConnector'],
          }}
        />
        <DialogButtons>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Make connector
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

const read = (one: Connector) => askTagged(api.GET('/connect/connectors/{connector}', { params: { path: { connector: one.name } } }))

/** Changes a connector; its connections follow at once. */
export function EditConnector({ one, onClose }: { one: Connector; onClose: (said?: string) => void }) {
  const { data, error } = useQuery({ queryKey: ['connectors', 'edit', one.id], queryFn: () => read(one), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open wide title={`Edit ${one.title}`} onClose={() => onClose()}>
      {data ? <EditForm began={data} onClose={onClose} /> : <Waiting error={error} />}
    </Dialog>
  )
}

const names = { title: 'Title', description: 'Description', docs: 'Documentation', presets: 'Presets', scopes: 'Scopes', origins: 'Sites', base_urls: 'Base URLs', limits: 'Limits', client_id: 'Client ID', enabled: 'Enabled' } as const

function EditForm({ began, onClose }: { began: { data: Connector; tag: string }; onClose: (said?: string) => void }) {
  const one = began.data
  const [draft, setDraft] = useState(() => draftOf(one))
  const { data: provider } = useQuery({ queryKey: ['providers', one.provider], queryFn: () => ask(api.GET('/connect/providers/{provider}', { params: { path: { provider: one.provider } } })) })
  const values = valuesOf(draft)
  const body = changeOf(one, draft)
  const change = useChange({
    began,
    read: () => read(one),
    write: (tag) => ask(api.PATCH('/connect/connectors/{connector}', { params: { path: { connector: one.name }, header: { 'If-Match': tag } }, body })),
  })
  const done = (changed?: Connector) => changed && onClose(`${changed.title} is changed.`)
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <ConnectorFields draft={draft} onChange={setDraft} provider={provider} existing />
      <Conflict
        began={change.base.data}
        theirs={change.theirs?.data}
        mine={{ title: values.title, description: values.description, docs: values.docs, presets: values.presets, scopes: values.scopes, origins: values.origins, base_urls: values.base_urls, limits: values.limits, client_id: draft.client_id }}
        names={names}
        onKeep={async () => done(await change.keepMine())}
        onTake={() => {
          const theirs = change.useTheirs()
          if (theirs) setDraft(draftOf(theirs))
        }}
      />
      <FailureBanner failure={change.failure} known={known(provider)} />
      <ShowAs
        asked={{
          method: 'PATCH',
          path: `/connect/connectors/${one.name}`,
          body: { ...body, ...(draft.client_secret && { client_secret: hidden }) },
          cli: `connect connector edit ${one.name}${lineOf(body)}`,
          go: ['ChangeConnector', one.name],
        }}
      />
      <DialogButtons>
        <Button onClick={() => onClose()}>Cancel</Button>
        <Button type="submit" look="primary" busy={change.busy}>
          Save
        </Button>
      </DialogButtons>
    </Form>
  )
}

/** What of the values says something: the rest is left to the server. */
const filled = <T extends object>(values: T): Partial<T> => Object.fromEntries(Object.entries(values).filter(([, value]) => value && (typeof value !== 'object' || Object.keys(value).length > 0))) as Partial<T>

/** What a draft changes of a connector. An empty secret is not "no secret", it is none given. */
function changeOf(one: Connector, draft: Draft): ConnectorChange {
  const before: Record<string, unknown> = valuesOf(draftOf(one))
  const change = Object.fromEntries(Object.entries(valuesOf(draft)).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])))
  return change.client_id === '' ? { ...change, client_id: null } : change
}

const limitLine = ({ application, methods, paths }: ProxyLimit) => [...(application ? [`app=${application}`] : []), ...(methods ?? []).map((one) => `method=${one}`), ...(paths ?? []).map((one) => `path=${one}`)].join(' ')

/** The flags that say the same. An empty list is one empty flag. */
function lineOf({ title, description, docs, presets, scopes, origins, base_urls, limits, client_id, client_secret }: ConnectorChange): string {
  const list = (all?: readonly string[] | null) => (all?.length === 0 ? [''] : (all ?? undefined))
  return (
    flagsOf({ title: title ?? undefined, description: description ?? undefined, docs: docs ?? undefined, preset: list(presets && tagText(presets)), scope: list(scopes), origin: list(origins), base_url: list(base_urls), limit: list(limits?.map(limitLine)) }) +
    (client_id === undefined ? '' : ` --client-id ${arg(client_id ?? '')}`) +
    (client_secret ? ' --client-secret-file - < secret.txt' : '')
  )
}
