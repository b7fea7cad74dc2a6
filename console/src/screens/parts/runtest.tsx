import { useId, useState } from 'react'
import { root } from '../../api/client'
import { announce } from '../../ui/announce'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copy } from '../../ui/copy'
import { Form, TextField } from '../../ui/field'
import { Fact, Facts } from '../../ui/page'

type Outcome = { status: number; ms: number; answer: Record<string, unknown>; token?: string }

/** Gets a token as the client would, from this page. The secret and the token stay here and are gone with it. */
export function RunTest({ clientId, scope, secret, posts }: { clientId: string; scope: string; secret?: string; posts: boolean }) {
  const [pasted, setPasted] = useState('')
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>()
  const [missing, setMissing] = useState(false)
  const id = useId()
  const held = secret ?? pasted.trim()
  const run = async () => {
    setMissing(!held)
    if (!held || busy) return
    setBusy(true)
    const result = await request(clientId, held, scope, posts)
    setOutcome(result)
    setBusy(false)
    announce(result.token ? 'The test got a token.' : 'The test got no token.')
  }
  return (
    <section aria-labelledby={id} className="space-y-4 rounded-lg border border-line p-4">
      <h3 id={id} className="font-semibold">
        Test it: get a token from here
      </h3>
      <Form onSubmit={run} autoComplete="off">
        {!secret && (
          <TextField type="password" autoComplete="off" label="Client secret" hint="It goes to the token endpoint of this server and nowhere else, and is forgotten when you leave this page." error={missing ? 'paste the secret that the test is to use' : undefined} value={pasted} onChange={(e) => setPasted(e.target.value)} />
        )}
        <Button type="submit" look={secret ? 'plain' : 'primary'} busy={busy}>
          Run test
        </Button>
      </Form>
      {outcome && <Result outcome={outcome} />}
    </section>
  )
}

// Names and secrets are form-encoded before they are joined (RFC 6749 §2.3.1).
const encoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)

async function request(clientId: string, secret: string, scope: string, posts: boolean): Promise<Outcome> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }), ...(posts && { client_id: clientId, client_secret: secret }) })
  const headers: Record<string, string> = posts ? {} : { authorization: `Basic ${btoa(`${encoded(clientId)}:${encoded(secret)}`)}` }
  const began = performance.now()
  try {
    // Without cookies: the client is asked for, not the person; and the browser asks nobody for a password after a 401.
    const answer = await fetch(`${root}/oauth2/token`, { method: 'POST', headers, body, credentials: 'omit', cache: 'no-store' })
    const ms = performance.now() - began
    const { access_token: token, ...rest } = (await answer.json().catch(() => ({}))) as Record<string, unknown>
    return { status: answer.status, ms, answer: rest, token: typeof token === 'string' ? token : undefined }
  } catch {
    return { status: 0, ms: performance.now() - began, answer: { error_description: 'the server cannot be reached' } }
  }
}

function Result({ outcome: { status, ms, answer, token } }: { outcome: Outcome }) {
  const claims = token ? decoded(token) : undefined
  return (
    <div className="space-y-4" data-test-result={status}>
      <Banner kind={token ? 'good' : 'wrong'} title={token ? 'It works: here is a token' : `No token: ${String(answer.error_description ?? answer.error ?? 'the server did not say why')}`}>
        {!token && typeof answer.error === 'string' && <p>{hints[answer.error]}</p>}
      </Banner>
      <Facts>
        <Fact name="Status">{status || 'None'}</Fact>
        <Fact name="Latency">{Math.max(1, Math.round(ms))} ms</Fact>
        {token && <Fact name="Granted scopes">{typeof answer.scope === 'string' && answer.scope ? <code className="font-mono">{answer.scope}</code> : 'None'}</Fact>}
        {token && <Fact name="Lives">{String(answer.expires_in)} seconds</Fact>}
        {token && (
          <Fact name="Token">
            <code className="font-mono break-all">{token.slice(0, 12)}…</code> <Copy text={token} what="the token" />
          </Fact>
        )}
      </Facts>
      {token && (
        <div>
          <p className="mb-1 font-semibold">Claims</p>
          {claims ? (
            <pre tabIndex={0} className="overflow-x-auto rounded-lg border border-line bg-paper p-3 font-mono text-sm">
              {JSON.stringify(claims, null, 2)}
            </pre>
          ) : (
            <p>It is a handle: it says nothing by itself. Tokens & keys → Inspect tells what it stands for.</p>
          )}
        </div>
      )}
    </div>
  )
}

const hints: Record<string, string> = {
  invalid_client: 'The secret may be wrong, disabled, expired or locked, or the application takes other authentication methods. Usage lists why requests were refused.',
  invalid_scope: 'The application or its credential may not have that scope, or has none yet: see Access. A worker needs a role first.',
}

/** What a JWT claims. Nothing is verified here: it comes from the issuer itself. */
function decoded(token: string): unknown {
  const part = token.split('.')
  if (part.length !== 3) return undefined
  try {
    const bytes = Uint8Array.from(atob((part[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
