import { CircleCheck, CircleX } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { TrustVerdict } from '../../api/schema'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge } from '../../ui/badge'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Form, TextArea } from '../../ui/field'
import type { Entry } from './credential-kinds'

/** Says what a trust finds in a token. Nothing comes of it, and the token is kept nowhere: not here, either. */
export function TestTrust({ one }: { one: Entry }) {
  const [token, setToken] = useState('')
  const [verdict, setVerdict] = useState<TrustVerdict>()
  const { run, busy, failure } = useAction(() => ask(api.POST('/applications/{application}/trusts/{credential}/test', { params: { path: { application: one.client_id, credential: one.id } }, body: { token: token.trim() } })))
  const test = async () => {
    const said = await run()
    setToken('')
    setVerdict(said)
    if (said) announce(said.accepted ? 'The token would be accepted' : 'The token would be refused')
  }
  return (
    <Form failure={failure} onSubmit={test}>
      <TextArea name="token" label="A token of the other issuer" hint="It goes to this server only, is used for nothing else, and leaves this field at once." mono rows={4} value={token} onChange={(e) => setToken(e.target.value)} autoComplete="off" />
      <FailureBanner failure={failure} known={['token']} />
      <Button type="submit" look="primary" busy={busy} disabled={!token.trim()}>
        Test the token
      </Button>
      {verdict && <Verdict {...verdict} />}
    </Form>
  )
}

function Verdict({ accepted, form, signature, time, claims }: TrustVerdict) {
  const parts = [
    ['Form', form],
    ['Signature', signature],
    ['Time', time],
  ] as const
  return (
    <Banner kind={accepted ? 'good' : 'wrong'} title={accepted ? 'It would be accepted: a token like this lets the application in.' : 'It would be refused.'}>
      <ul className="space-y-1">
        {parts.map(([name, wrong]) => (
          <li key={name}>
            <span className="font-semibold">{name}:</span> {wrong ? sentence(wrong) : form ? 'not looked at' : 'good'}
          </li>
        ))}
      </ul>
      {claims.length > 0 && (
        <div className="overflow-x-auto">
          <table className="w-full text-left text-sm">
            <thead>
              <tr>
                <th scope="col" className="pr-4">Claim</th>
                <th scope="col" className="pr-4">The trust wants</th>
                <th scope="col" className="pr-4">The token has</th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {claims.map(({ claim, wanted, got, matches }) => (
                <tr key={claim} className="border-t border-line align-top">
                  <th scope="row" className="pr-4 font-mono">{claim}</th>
                  <td className="pr-4 font-mono break-all">{wanted}</td>
                  <td className="pr-4 font-mono break-all">{got || '–'}</td>
                  <td>{matches ? <Badge kind="good" icon={CircleCheck}>Matches</Badge> : <Badge kind="wrong" icon={CircleX}>Differs</Badge>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Banner>
  )
}
