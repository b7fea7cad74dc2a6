import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Connector, ConnectorChange, NewConnector as New } from '../../api/schema'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select, TextField } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { ConnectorFields, emptyDraft, type Draft, draftOf, known, valuesOf } from './draft'
import { allProviders } from './providers'
import { flags, tagText } from './words'
import { arg } from '../../ui/shell'

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
            body: { ...body, ...(draft.client_secret && { client_secret: '…' }) },
            cli: `connect connector create ${arg(chosen || 'PROVIDER')}${name && ` --name ${arg(name)}`}${lineOf(draft)}`,
            go: `connector, err := c.CreateConnector(ctx, client.NewConnector{\n\tProvider: ${JSON.stringify(chosen)},\n${goOf(draft, false)}})`,
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
  const body: ConnectorChange = { ...values, client_id: draft.client_id || null, ...(draft.client_secret && { client_secret: draft.client_secret }) }
  if (!draft.client_secret) delete body.client_secret // an empty one is not "no secret"
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
          body: { ...body, ...(draft.client_secret && { client_secret: '…' }) },
          cli: `connect connector edit ${one.name}${lineOf(draft)}`,
          go: `changed, err := c.ChangeConnector(ctx, ${JSON.stringify(one.name)}, client.ConnectorChange{\n${goOf(draft, true)}})`,
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

/** The flags that say the same; limits have none. */
function lineOf(draft: Draft): string {
  const values = valuesOf(draft)
  return [
    values.title && ` --title ${arg(values.title)}`,
    values.description && ` --description ${arg(values.description)}`,
    values.docs && ` --docs ${arg(values.docs)}`,
    flags('preset', tagText(values.presets)),
    flags('scope', values.scopes),
    flags('origin', values.origins),
    flags('base-url', values.base_urls),
    values.client_id && ` --client-id ${arg(values.client_id)}`,
    values.client_secret && ' --client-secret-file - < secret.txt',
  ]
    .filter(Boolean)
    .join('')
}

function goOf(draft: Draft, set: boolean): string {
  const { title, description, scopes, presets } = valuesOf(draft)
  const wrap = (value: string) => (set ? `client.Set(${value})` : value)
  return [
    title && `\tTitle: ${wrap(JSON.stringify(title))},\n`,
    description && `\tDescription: ${wrap(JSON.stringify(description))},\n`,
    scopes.length > 0 && `\tScopes: ${wrap(`[]string{${scopes.map((scope) => JSON.stringify(scope)).join(', ')}}`)},\n`,
    Object.keys(presets).length > 0 &&
      `\tPresets: ${wrap(
        `map[string]string{${Object.entries(presets)
          .map((pair) => pair.map((part) => JSON.stringify(part)).join(': '))
          .join(', ')}}`,
      )},\n`,
  ]
    .filter(Boolean)
    .join('')
}
