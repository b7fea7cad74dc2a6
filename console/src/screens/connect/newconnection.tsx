import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Connector, NewConnection as Body, ProviderField, Trying } from '../../api/schema'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, Select, TextArea, TextField } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { arg } from '../../ui/shell'
import { type Asked, hidden, ShowAs } from '../../ui/showas'
import { NoConnector, useConnectors } from './choice'
import { TrialSteps } from './trial'
import { flags, pairsOf, tagText } from './words'

/** Connects with a credential that is at hand. What is typed lives in this dialog only. */
export function NewConnection({ onClose }: { onClose: () => void }) {
  const connectors = useConnectors()
  const { usable } = connectors
  const [chosen, setChosen] = useState<string>()
  const connector = usable.find((one) => one.name === chosen) ?? usable[0]
  return (
    <Dialog open wide title="New connection" description="With a credential that you have. To let a customer enter theirs, make a link." onClose={onClose}>
      {connectors.isPending && <Waiting />}
      {connectors.isSuccess && !connector && <NoConnector />}
      {connector && (
        <div className="space-y-5">
          <Select label="Connector" value={connector.name} onChange={(e) => setChosen(e.target.value)} options={usable.map((one) => [one.name, one.title] as const)} />
          <Credential key={connector.name} connector={connector} onClose={onClose} />
        </div>
      )}
    </Dialog>
  )
}

function Credential({ connector, onClose }: { connector: Connector; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const provider = useQuery({ queryKey: ['providers', connector.provider], queryFn: () => ask(api.GET('/connect/providers/{provider}', { params: { path: { provider: connector.provider } } })) })
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [about, setAbout] = useState({ name: '', user: '', organization: '', tags: '' })
  const [check, setCheck] = useState(true)
  const [trial, setTrial] = useState<Trying>()
  const fields = (provider.data?.fields ?? []).filter((field) => !connector.presets[field.name])
  const values = Object.fromEntries(fields.map((field) => [field.name, typed[field.name] ?? field.default ?? '']).filter(([, value]) => value)) as Record<string, string>
  const tags = pairsOf(about.tags)
  const end_user = { ...(about.user && { id: about.user }), ...(about.organization && { organization_id: about.organization }) }
  const body: Body = {
    connector: connector.name,
    values,
    ...(about.name && { name: about.name }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(Object.keys(end_user).length > 0 && { end_user }),
    ...(!check && { check }),
  }
  const make = useAction((key) => ask(api.POST('/connect/connections', { params: { header: { 'Idempotency-Key': key } }, body })))
  const test = useAction(() => ask(api.POST('/connect/providers/{provider}/test', { params: { path: { provider: connector.provider } }, body: { connector: connector.name, values } })))
  if (provider.isPending) return <Waiting lines={4} />
  if (provider.data?.mode === 'authorization_code') {
    return (
      <Banner kind="warn" title={`Somebody must agree at ${provider.data.display_name}`}>
        <p>Make a link for them: it leads there and back.</p>
      </Banner>
    )
  }
  const failure = make.failure ?? test.failure
  const save = async () => {
    setTrial(undefined)
    test.clear()
    const made = await make.run()
    if (!made) return
    announce(`${made.name || connector.title} is connected.`)
    void queries.invalidateQueries({ queryKey: ['connections'] })
    void navigate({ to: '/connect/connections/$connection', params: { connection: made.id } })
  }
  const tryOut = async () => {
    make.clear()
    setTrial(await test.run())
  }
  const say = (field: keyof typeof about) => ({ value: about[field], onChange: (e: { target: { value: string } }) => setAbout({ ...about, [field]: e.target.value }) })
  const secrets = fields.filter((field) => field.secret)
  const asked: Asked = {
    method: 'POST',
    path: '/connect/connections',
    body: { ...body, values: { ...values, ...Object.fromEntries(secrets.map(({ name }) => [name, hidden])) } },
    cli: [
      `connect create ${arg(connector.name)}`,
      flags('set', tagText(Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.some((one) => one.name === name))))),
      about.name && ` --name ${arg(about.name)}`,
      flags('tag', tagText(tags)),
      about.user && ` --end-user ${arg(about.user)}`,
      about.organization && ` --organization ${arg(about.organization)}`,
      !check && ' --no-check',
      secrets.length > 0 && ' < secret',
    ]
      .filter(Boolean)
      .join(''),
    go: ['CreateConnection'],
  }
  return (
    <Form failure={failure} onSubmit={save}>
      {fields.map((field) => (
        <Value
          key={field.name}
          field={field}
          value={typed[field.name] ?? field.default ?? ''}
          onChange={(value) => {
            setTyped({ ...typed, [field.name]: value })
            setTrial(undefined)
          }}
        />
      ))}
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField name="name" label="Name of the connection" optional {...say('name')} />
        <TextField name="end_user.id" label="End user" optional hint="What you call the customer." {...say('user')} />
        <TextField name="end_user.organization_id" label="Organization" optional {...say('organization')} />
        <TextArea name="tags" label="Tags" optional hint="One a line, as name=value." mono {...say('tags')} />
      </div>
      <Checkbox label="Try it out first" hint="Nothing is kept of a credential that does not work." checked={check} onChange={(e) => setCheck(e.target.checked)} />
      {trial && <TrialSteps trial={trial} />}
      <FailureBanner failure={failure} known={['name', 'tags', 'end_user.id', 'end_user.organization_id', ...fields.map((field) => `values.${field.name}`)]} />
      <ShowAs asked={asked} />
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button busy={test.busy} disabled={make.busy} onClick={tryOut}>
          Try it out
        </Button>
        <Button type="submit" look="primary" busy={make.busy} disabled={test.busy}>
          Connect
        </Button>
      </DialogButtons>
    </Form>
  )
}

function Value({ field, value, onChange }: { field: ProviderField; value: string; onChange: (value: string) => void }) {
  const wired = { name: `values.${field.name}`, label: field.title, hint: field.description, optional: field.optional, value, onChange: (e: { target: { value: string } }) => onChange(e.target.value) }
  if (field.choices?.length) return <Select {...wired} options={[...(field.default ? [] : [['', 'Choose'] as const]), ...field.choices.map((choice) => [choice.value, choice.label] as const)]} />
  if (field.format === 'pem' || field.format === 'json') return <TextArea {...wired} mono autoComplete="off" />
  if (field.secret) return <TextField {...wired} type="password" autoComplete="new-password" />
  return <TextField {...wired} placeholder={field.example} />
}
