import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application, NewApplication as Body } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Choices, Form, Select, TextField } from '../../ui/field'
import { ShowOnce } from '../../ui/secret'
import { arg } from '../../ui/shell'
import { ShowAs } from '../../ui/showas'
import { endOf, termFlag, termsOf } from '../parts/expiry'
import { usePolicy } from '../parts/policy'
import { ScopePicker } from '../parts/scopepicker'
import { UseIt, useTokenURL } from '../parts/useit'
import { KeepSecure } from '../parts/warning'

type Kind = 'service' | 'worker'

const kinds = [
  { value: 'service', label: 'Service', hint: 'Calls your APIs, with the scopes that you give it.' },
  { value: 'worker', label: 'Worker', hint: 'Administers Counterfoil, with roles that you give it afterwards.' },
] as const

/**
 * Makes an application with its first secret, and shows client ID and secret once. A link may bring the first texts along, such as
 * from a page that says how to ask for one; what it may do is for whoever saves to choose.
 */
export function NewApplication({ first, onClose }: { first: { name?: string; kind?: string; description?: string }; onClose: () => void }) {
  const queries = useQueryClient()
  const may = useMay()
  const withSecret = may('credentials:write')
  const [name, setName] = useState(first.name ?? '')
  const [kind, setKind] = useState<Kind>(first.kind === 'worker' ? 'worker' : 'service')
  const [enabled, setEnabled] = useState(true)
  const [description, setDescription] = useState(first.description ?? '')
  const [scopes, setScopes] = useState<string[]>([])
  const [chosen, setTerm] = useState<string>()
  const { terms, usual } = termsOf(usePolicy().data)
  const term = terms.find(([value]) => value === chosen)?.[0] ?? usual
  const [made, setMade] = useState<Application>()
  const end = endOf(term)
  // A service is made enabled and a worker is not, unless somebody says so.
  const body: Body = { name, kind, ...(enabled !== (kind === 'service') && { enabled }), ...(description && { description }), ...(scopes.length > 0 && { scopes }), ...(withSecret && { secret: { ...(end && { expires_at: end }) } }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/applications', { params: { header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const result = await run()
    if (!result) return
    void queries.invalidateQueries({ queryKey: ['applications', 'list'] })
    setMade(result)
  }
  if (made) return <Made application={made} onClose={onClose} />
  return (
    <Dialog open wide title="New application" onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <TextField name="name" label="Name" hint="What people call the program." value={name} onChange={(e) => setName(e.target.value)} placeholder="billing" required autoFocus />
        <Choices
          name="kind"
          label="Kind"
          value={kind}
          onChange={(next) => {
            setKind(next)
            setScopes([])
          }}
          options={kinds}
        />
        <Checkbox name="enabled" label="Enabled" hint="Its credentials work at once. Otherwise somebody enables it later." checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />
        <TextField name="description" label="Description" optional value={description} onChange={(e) => setDescription(e.target.value)} />
        {withSecret && <Select name="secret.expires_at" label="Its first secret expires" value={term} onChange={(e) => setTerm(e.target.value)} options={terms} />}
        <details className="rounded-lg border border-line">
          <summary className="cursor-pointer px-4 py-2 font-semibold">Scopes: {scopes.length === 0 ? 'none yet' : scopes.length}</summary>
          <div className="px-4 pb-4">
            <ScopePicker label="What its tokens may have at most" value={scopes} onChange={setScopes} management={kind === 'service'} />
          </div>
        </details>
        <FailureBanner failure={failure} known={['name', 'kind', 'enabled', 'description', 'scopes', 'secret.expires_at']} />
        <ShowAs asked={{ method: 'POST', path: '/applications', body, cli: cliOf(body, withSecret, term), go: ['CreateApplication'] }} />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Save
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

/** What was made. The secret lives in the state of this screen until it is closed. */
function Made({ application, onClose }: { application: Application; onClose: () => void }) {
  const navigate = useNavigate()
  const tokenURL = useTokenURL()
  const { client_id: clientId, name } = application
  const secret = application.secret?.secret
  const done = () => {
    onClose()
    // Once the dialog is gone: while it is there it keeps everybody from leaving.
    setTimeout(() => void navigate({ to: '/applications/$application', params: { application: clientId } }))
  }
  if (!secret) {
    return (
      <Dialog open title={`${name} is made`} onClose={done}>
        <p>It has no secret that could be shown. Add a credential on its page.</p>
        <DialogButtons>
          <Button look="primary" onClick={done}>
            Done
          </Button>
        </DialogButtons>
      </Dialog>
    )
  }
  return (
    <ShowOnce
      shown={{
        title: `Application ${name}`,
        slug: 'counterfoil-client',
        values: [
          { name: 'Client ID', variable: 'CLIENT_ID', value: clientId },
          { name: 'Client secret', variable: 'CLIENT_SECRET', value: secret, secret: true },
          { name: 'Token URL', variable: 'TOKEN_URL', value: tokenURL },
        ],
      }}
      onDone={done}
    >
      <KeepSecure />
      <details className="rounded-lg border border-line">
        <summary className="cursor-pointer px-4 py-2 font-semibold">Use it, and test it</summary>
        <div className="px-4 pb-4">
          <UseIt clientId={clientId} scopes={application.scopes} secret={secret} />
        </div>
      </details>
    </ShowOnce>
  )
}

const cliOf = ({ name, kind, enabled, description, scopes }: Body, withSecret: boolean, term: string) =>
  [
    `app create ${arg(name || 'NAME')}`,
    ` --kind ${kind}`,
    enabled !== undefined && (enabled ? ' --enable' : ' --disabled'),
    description && ` --description ${arg(description)}`,
    ...(scopes ?? []).map((scope) => ` --scope ${arg(scope)}`),
    withSecret ? termFlag(term) : ' --no-secret',
  ]
    .filter(Boolean)
    .join('')
