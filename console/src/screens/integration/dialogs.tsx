import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Integration, NewIntegration } from '../../api/schema'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select, TextField } from '../../ui/field'
import { type Shown, ShowOnce } from '../../ui/secret'
import { Waiting } from '../../ui/page'
import { hidden, ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { KeepSecure } from '../parts/warning'
import { arg } from '../../ui/shell'

/** Makes a credential for an integration and shows its secret once, unless it was chosen. */
export function NewCredential({ kind, onClose }: { kind: Integration['kind']; onClose: () => void }) {
  const queries = useQueryClient()
  const [application, setApplication] = useState('')
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [secret, setSecret] = useState('')
  const [shown, setShown] = useState<Shown>()
  const applications = useQuery({
    queryKey: ['applications', 'choice'],
    queryFn: () => ask(api.GET('/applications', { params: { query: { limit: 200 } } })),
    enabled: kind === 'application',
  })
  const body: NewIntegration = { kind, ...(name && { name }), ...(description && { description }), ...(application && { application }), ...(secret && { secret }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/integration-credentials', { params: { header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const made = await run()
    if (!made) return
    void queries.invalidateQueries({ queryKey: ['integrations'] })
    if (!made.secret) return onClose()
    setShown({
      title: `Credential ${made.name}`,
      slug: 'counterfoil-integration',
      values: [
        { name: 'Client ID', variable: 'CLIENT_ID', value: made.client_id },
        { name: 'Client secret', variable: 'CLIENT_SECRET', value: made.secret, secret: true },
      ],
    })
  }
  if (shown) {
    return (
      <ShowOnce shown={shown} onDone={onClose}>
        <KeepSecure />
      </ShowOnce>
    )
  }
  return (
    <Dialog open title={kind === 'application' ? 'Add an application credential' : 'Add a connection API credential'} onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        {kind === 'application' && (
          <Select
            name="application"
            label="Application"
            hint="Whose exchange it opens. That stays so for good."
            value={application}
            onChange={(e) => setApplication(e.target.value)}
            options={[['', 'Choose …'], ...(applications.data?.items ?? []).map((a) => [a.client_id, a.name] as const)]}
          />
        )}
        <TextField name="name" label="Name" optional hint="Made up unless given." value={name} onChange={(e) => setName(e.target.value)} />
        <TextField name="description" label="Description" optional value={description} onChange={(e) => setDescription(e.target.value)} />
        {kind === 'connection' && (
          <TextField name="secret" type="password" autoComplete="new-password" label="Secret of your choice" optional hint="Generated, and shown once, unless given. Generated ones are safer." value={secret} onChange={(e) => setSecret(e.target.value)} />
        )}
        <FailureBanner failure={failure} known={['application', 'name', 'description', 'secret']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: '/integration-credentials',
            body: { ...body, ...(secret && { secret: hidden }) },
            cli: `integration credential create ${name && `${arg(name)} `}${kind === 'application' ? `--application ${application || 'APPLICATION'}` : '--connection'}${description && ` --description ${arg(description)}`}${secret && ' --chosen-from-stdin < secret.txt'}`,
            go: ['CreateIntegrationCredential'],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Done
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

const read = (one: Integration) => askTagged(api.GET('/integration-credentials/{integration}', { params: { path: { integration: one.client_id } } }))

/** Changes what may be changed: the description and, for the connections API, the secret. */
export function EditCredential({ one, onClose }: { one: Integration; onClose: (said?: string) => void }) {
  const { data, error } = useQuery({ queryKey: ['integrations', 'edit', one.client_id], queryFn: () => read(one), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open title={`Edit ${one.name}`} onClose={() => onClose()}>
      {data ? <EditForm began={data} onClose={onClose} /> : <Waiting error={error} />}
    </Dialog>
  )
}

function EditForm({ began, onClose }: { began: { data: Integration; tag: string }; onClose: (said?: string) => void }) {
  const one = began.data
  const [description, setDescription] = useState(one.description)
  const [secret, setSecret] = useState('')
  const body = { description, ...(secret && { secret }) }
  const change = useChange({
    began,
    read: () => read(one),
    write: (tag) => ask(api.PATCH('/integration-credentials/{integration}', { params: { path: { integration: one.client_id }, header: { 'If-Match': tag } }, body })),
  })
  const done = (changed?: Integration) => changed && onClose(secret ? `${one.name} has its new secret; the old one and its tokens are dead.` : `${one.name} is changed.`)
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <TextField name="description" label="Description" optional value={description} onChange={(e) => setDescription(e.target.value)} />
      {one.kind === 'connection' && (
        <TextField name="secret" type="password" autoComplete="new-password" label="New secret" optional hint="Leave it empty to keep the one there is. A new one ends the old one at once." value={secret} onChange={(e) => setSecret(e.target.value)} />
      )}
      <Conflict began={change.base.data} theirs={change.theirs?.data} mine={{ description }} names={{ description: 'Description', enabled: 'Enabled' }} onKeep={async () => done(await change.keepMine())} onTake={() => setDescription(change.useTheirs()?.description ?? '')} />
      <FailureBanner failure={change.failure} known={['description', 'secret']} />
      <ShowAs
        asked={{
          method: 'PATCH',
          path: `/integration-credentials/${one.client_id}`,
          body: { description, ...(secret && { secret: hidden }) },
          cli: `integration credential edit ${one.client_id} --description ${arg(description)}${secret && ' --chosen-from-stdin < secret.txt'}`,
          go: ['UpdateIntegrationCredential', one.client_id],
        }}
      />
      <DialogButtons>
        <Button onClick={() => onClose()}>Cancel</Button>
        <Button type="submit" look="primary" busy={change.busy}>
          Done
        </Button>
      </DialogButtons>
    </Form>
  )
}
