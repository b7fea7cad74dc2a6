import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { NewJwtKey, NewTrust } from '../../api/schema'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Choices, Form, TextArea, TextField } from '../../ui/field'
import { ShowAs } from '../../ui/showas'
import { type Ground, known, useSettings } from './credential-settings'
import { PublicText } from './credential-upload'
import { arg } from '../../ui/shell'

/** Public keys as the API takes them: JSON as an object, PEM as text. */
function keysOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

type Props = { ground: Ground; onClose: () => void; onMade: (said: string) => void }

const pasted = { name: 'jwks', label: 'Public keys', hint: 'A JWK Set, one JWK, or PEM. At most 20.', accept: '.pem,.json,.jwk,.jwks,.pub', placeholder: '-----BEGIN PUBLIC KEY-----' }

/** Lets an application prove itself by JWTs that it signs itself. */
export function AddKey({ ground, onClose, onMade }: Props) {
  const { application } = ground
  const settings = useSettings(ground)
  const [way, setWay] = useState<'uri' | 'keys'>('uri')
  const [uri, setUri] = useState('')
  const [keys, setKeys] = useState('')
  const body: NewJwtKey = { ...settings.body, ...(way === 'uri' ? { jwks_uri: uri } : { jwks: keysOf(keys) }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/applications/{application}/jwt-keys', { params: { path: { application: application.client_id }, header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const made = !settings.wrong && (await run())
    if (!made) return
    onMade(`${application.name} has another JWT key, ${made.description || made.hint}.`)
    onClose()
  }
  return (
    <Dialog open wide title={`Add a JWT key to ${application.name}`} description={`The application signs a JWT with its own key, with its client ID as issuer and subject (iss and sub: ${application.client_id}).`} onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <Choices
          label="Where are its public keys?"
          value={way}
          onChange={setWay}
          options={[
            { value: 'uri', label: 'At an address', hint: 'Keys that are rotated there are followed by themselves.' },
            { value: 'keys', label: 'Here, pasted or from a file' },
          ]}
        />
        {way === 'uri' ? <TextField name="jwks_uri" type="url" label="JWKS URI" hint="It is fetched at once, to see that it works." placeholder="https://billing.example.com/jwks.json" value={uri} onChange={(e) => setUri(e.target.value)} required /> : <PublicText {...pasted} value={keys} onChange={setKeys} />}
        {settings.fields.description}
        {settings.fields.expiry}
        {settings.fields.scopes}
        {settings.fields.networks}
        <p className="rounded-lg border border-line bg-paper px-4 py-3">{settings.summary}</p>
        <FailureBanner failure={failure} known={[...known, 'jwks_uri', 'jwks']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${application.client_id}/jwt-keys`,
            body,
            cli: `app jwk add ${application.client_id} ${way === 'uri' ? `--jwks-uri ${arg(uri || 'URI')}` : '--file keys.json'}${settings.flags(settings.body)}`,
            go: ['AddJWTKey', application.client_id],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={settings.wrong !== undefined || !(way === 'uri' ? uri : keys)}>
            Save
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

type Source = 'discovery' | 'uri' | 'keys'

/** Lets an application prove itself by tokens of another issuer, with no secret anywhere. */
export function AddTrust({ ground, onClose, onMade }: Props) {
  const { application } = ground
  const settings = useSettings(ground)
  const [issuer, setIssuer] = useState('')
  const [subject, setSubject] = useState('')
  const [audience, setAudience] = useState('')
  const [claims, setClaims] = useState('')
  const [source, setSource] = useState<Source>('discovery')
  const [uri, setUri] = useState('')
  const [keys, setKeys] = useState('')
  const [single, setSingle] = useState(false)
  const wanted = Object.fromEntries(claims.split('\n').flatMap((line) => (line.includes('=') ? [line.split(/=(.*)/s).slice(0, 2).map((part) => part.trim())] : [])))
  const body: NewTrust = {
    ...settings.body,
    issuer,
    subject,
    ...(audience && { audience }),
    ...(Object.keys(wanted).length > 0 && { claims: wanted }),
    ...(source === 'uri' && { jwks_uri: uri }),
    ...(source === 'keys' && { jwks: keysOf(keys) }),
    ...(single && { single_use: single }),
  }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/applications/{application}/trusts', { params: { path: { application: application.client_id }, header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const made = !settings.wrong && (await run())
    if (!made) return
    onMade(`${application.name} trusts ${made.issuer}. Open it to test a token.`)
    onClose()
  }
  const cli = [
    `--issuer ${arg(issuer || 'ISSUER')} --subject ${arg(subject || 'SUBJECT')}`,
    audience && ` --audience ${arg(audience)}`,
    ...Object.entries(wanted).map(([claim, value]) => ` --claim ${arg(`${claim}=${value}`)}`),
    source === 'uri' && ` --jwks-uri ${arg(uri || 'URI')}`,
    source === 'keys' && ' --jwks keys.json',
    single && ' --single-use',
  ]
  return (
    <Dialog open wide title={`Add a federated trust to ${application.name}`} description="A workload that gets tokens from its own platform, such as a build or a cluster, shows one of these instead of a secret." onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <TextField name="issuer" label="Issuer" hint="The iss of its tokens, exactly." placeholder="https://ci.example.com" value={issuer} onChange={(e) => setIssuer(e.target.value)} required autoFocus />
        <TextField name="subject" label="Subject" hint="The sub of its tokens. * stands for any text without a colon, ** for any text." placeholder="project:acme/shop:main" value={subject} onChange={(e) => setSubject(e.target.value)} required />
        <TextField name="audience" label="Audience" optional hint="The aud of its tokens; the issuer of this environment unless given." value={audience} onChange={(e) => setAudience(e.target.value)} />
        <TextArea name="claims" label="Other claims" optional mono rows={2} hint="What they must be, one a line: NAME=VALUE, with patterns as in the subject." value={claims} onChange={(e) => setClaims(e.target.value)} />
        <Choices
          label="The public keys of the issuer"
          value={source}
          onChange={setSource}
          options={[
            { value: 'discovery', label: 'Found by discovery', hint: 'At /.well-known/openid-configuration of the issuer.' },
            { value: 'uri', label: 'At a JWKS URI' },
            { value: 'keys', label: 'Here, pasted or from a file' },
          ]}
        />
        {source === 'uri' && <TextField name="jwks_uri" type="url" label="JWKS URI" value={uri} onChange={(e) => setUri(e.target.value)} required />}
        {source === 'keys' && <PublicText {...pasted} value={keys} onChange={setKeys} />}
        <Checkbox label="Accept each token once" checked={single} onChange={(e) => setSingle(e.target.checked)} />
        {settings.fields.description}
        {settings.fields.expiry}
        {settings.fields.scopes}
        {settings.fields.networks}
        <p className="rounded-lg border border-line bg-paper px-4 py-3">{settings.summary}</p>
        <FailureBanner failure={failure} known={[...known, 'issuer', 'subject', 'audience', 'claims', 'jwks_uri', 'jwks']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${application.client_id}/trusts`,
            body,
            cli: `app trust add ${application.client_id} ${cli.filter(Boolean).join('')}${settings.flags(settings.body)}`,
            go: ['AddTrust', application.client_id],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={settings.wrong !== undefined || !issuer || !subject}>
            Save
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
