import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Inspection } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge } from '../../ui/badge'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Form, TextArea } from '../../ui/field'
import { Fact, Facts, Section } from '../../ui/page'
import { hidden, ShowAs, Snippet } from '../../ui/showas'
import { ago, useNow, when } from '../../ui/time'
import { reached } from '../parts/warning'
import { Head } from './tabs'

/** Says what a pasted token is. It is sent in a body and kept nowhere. */
export function Inspect() {
  const may = useMay()
  const [token, setToken] = useState('')
  const [found, setFound] = useState<{ token: string; is: Inspection }>()
  const [revoking, setRevoking] = useState(false)
  const [said, setSaid] = useState('')
  const inspect = useAction((_, text: string) => ask(api.POST('/tokens/inspect', { body: { token: text } })))
  const revoke = useAction((_, text: string) => ask(api.POST('/tokens/revoke', { body: { token: text } })))
  const look = async (text: string) => {
    const is = await inspect.run(text)
    setFound(is && { token: text, is })
    if (is) announce(is.active ? 'The token is active' : `The token is not active: ${is.detail}`)
  }
  const kill = async () => {
    if (!found) return
    const done = await revoke.run(found.token)
    if (!done) return
    setRevoking(false)
    setSaid(done.revoked ? `The token is revoked. ${reached(done.propagated)}` : 'There was nothing to revoke: the token was dead already.')
    await look(found.token)
  }
  return (
    <>
      <Head />
      <Section>
        <Form
          failure={inspect.failure}
          onSubmit={() => {
            setSaid('')
            return look(token.trim())
          }}
        >
          <TextArea name="token" mono rows={5} label="Token" hint="A JWT or a handle. It is looked at and kept nowhere." value={token} onChange={(e) => setToken(e.target.value)} autoComplete="off" />
          <FailureBanner failure={inspect.failure} known={['token']} />
          <Button type="submit" look="primary" busy={inspect.busy} disabled={!token.trim()}>
            Inspect token
          </Button>
          <ShowAs asked={{ method: 'POST', path: '/tokens/inspect', body: { token: hidden }, cli: 'token inspect - < token.txt', go: 'is, err := c.InspectToken(ctx, client.NewSecret(token))' }} />
        </Form>
      </Section>
      {said && <Banner kind="good" title={said} />}
      {found && (
        <Section
          title="What it is"
          actions={
            found.is.active &&
            may('tokens:revoke') && (
              <Button look="danger" onClick={() => setRevoking(true)}>
                Revoke this token
              </Button>
            )
          }
        >
          <Verdict is={found.is} />
        </Section>
      )}
      <Confirm open={revoking} onClose={() => setRevoking(false)} title="Revoke this token?" verb="Revoke this token" onConfirm={kill} busy={revoke.busy} failure={revoke.failure}>
        <p>Every node refuses it from now on. The credential that it was obtained with goes on working and may get another.</p>
      </Confirm>
    </>
  )
}

function Verdict({ is }: { is: Inspection }) {
  const now = useNow()
  const claims = is.claims as Record<string, unknown> | undefined
  const times = ['iat', 'nbf', 'exp'].filter((name) => typeof claims?.[name] === 'number')
  return (
    <div className="space-y-4">
      <Facts>
        <Fact name="Verdict">
          <Badge kind={is.active ? 'good' : 'wrong'}>{is.active ? 'Active' : 'Not active'}</Badge> {sentence(is.detail)}
        </Fact>
        <Fact name="Format">{{ jwt: 'JWT (RFC 9068)', handle: 'Handle', unknown: 'Not one of ours' }[is.format]}</Fact>
        {times.map((name) => {
          const at = Number(claims?.[name]) * 1000
          return (
            <Fact key={name} name={{ iat: 'Issued', nbf: 'Valid from', exp: 'Expires' }[name]}>
              {when(at)} ({ago(at, now)})
            </Fact>
          )
        })}
      </Facts>
      {is.header !== undefined && (
        <div>
          <h3 className="mb-1">Header</h3>
          <Snippet text={JSON.stringify(is.header, null, 2)} what="the header" />
        </div>
      )}
      {claims && (
        <div>
          <h3 className="mb-1">Claims</h3>
          <Snippet text={JSON.stringify(claims, null, 2)} what="the claims" />
        </div>
      )}
    </div>
  )
}
