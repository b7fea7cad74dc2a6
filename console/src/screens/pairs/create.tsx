import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Choices, Form, Select, TextField } from '../../ui/field'
import { type Shown, ShowOnce } from '../../ui/secret'
import { ShowAs } from '../../ui/showas'
import { endOf, termFlag, termsOf } from '../parts/expiry'
import { usePolicy } from '../parts/policy'
import { useTokenURL } from '../parts/useit'
import { KeepSecure } from '../parts/warning'
import { type Access, accesses } from './words'
import { arg } from '../../ui/shell'

/** Makes a pair and shows its secret once. */
export function NewPair({ first, onClose }: { first: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(first)
  const [description, setDescription] = useState('')
  const [access, setAccess] = useState<Access>('read-users')
  const [chosen, setTerm] = useState<string>()
  const { terms, usual } = termsOf(usePolicy().data)
  const term = terms.find(([value]) => value === chosen)?.[0] ?? usual
  const [shown, setShown] = useState<Shown>()
  const tokenURL = useTokenURL()
  const body = { name, access, ...(description && { description }), ...(endOf(term) && { expires_at: endOf(term) }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/credentials', { params: { header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const made = await run()
    if (!made) return
    void queries.invalidateQueries({ queryKey: ['pairs'] })
    setShown({
      title: `API credential ${made.name}`,
      slug: 'counterfoil-api',
      values: [
        { name: 'Client ID', variable: 'CLIENT_ID', value: made.client_id },
        { name: 'Client secret', variable: 'CLIENT_SECRET', value: made.secret ?? '', secret: true },
        { name: 'Token URL', variable: 'TOKEN_URL', value: tokenURL },
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
    <Dialog open title="New API credential" onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <TextField name="name" label="Name" hint="The developer and the application that will use it." value={name} onChange={(e) => setName(e.target.value)} placeholder="Ada Lovelace – payroll sync" required autoFocus />
        <Choices name="access" label="Access" value={access} onChange={setAccess} options={accesses} />
        <Select name="expires_at" label="Expires" value={term} onChange={(e) => setTerm(e.target.value)} options={terms} />
        <TextField name="description" label="Description" optional value={description} onChange={(e) => setDescription(e.target.value)} />
        <FailureBanner failure={failure} known={['name', 'access', 'expires_at', 'description']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: '/credentials',
            body,
            cli: `credential create ${arg(name || 'NAME')} --access ${access}${description && ` --description ${arg(description)}`}${termFlag(term)}`,
            go: ['CreateCredentialPair'],
          }}
        />
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
