import { useEffect, useState } from 'react'
import { api, ask } from '../../api/client'
import type { NewCertificate } from '../../api/schema'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Choices, Form, TextField } from '../../ui/field'
import { Fact, Facts } from '../../ui/page'
import { type Shown, ShowOnce } from '../../ui/secret'
import { arg } from '../../ui/shell'
import { hidden, ShowAs } from '../../ui/showas'
import { onDay, when } from '../../ui/time'
import { KeepSecure } from '../parts/warning'
import { type Preview, preview } from './credential-pem'
import { type Ground, known, useSettings } from './credential-settings'
import { PublicText } from './credential-upload'

const leastPassword = 12 // characters

type Way = 'generate' | 'upload'

/** Lets an application prove itself by a certificate: one that is made here, or one that it has. */
export function AddCertificate({ ground, onClose, onMade }: { ground: Ground; onClose: () => void; onMade: (said: string) => void }) {
  const { application } = ground
  const settings = useSettings(ground)
  const [way, setWay] = useState<Way>('generate')
  const [pem, setPem] = useState('')
  const [pinned, setPinned] = useState(false)
  const [shown, setShown] = useState<Shown>()
  const [commonName, setCommonName] = useState('')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const name = commonName.trim()
  const body: NewCertificate = { ...settings.body, ...(way === 'generate' ? { generate: true, ...(name && { common_name: name }), ...(password && { password }) } : { certificate: pem, ...(pinned && { method: 'self_signed_tls_client_auth' }) }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/applications/{application}/certificates', { params: { path: { application: application.client_id }, header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    if (settings.wrong) return
    const made = await run()
    if (!made) return
    onMade(`${application.name} has another certificate, ${made.description || made.hint}.`)
    if (!made.pkcs12) return onClose()
    setShown({
      title: `Certificate for ${application.name}`,
      slug: 'counterfoil-certificate',
      values: [
        { name: 'Client ID', variable: 'CLIENT_ID', value: made.client_id },
        ...(made.password ? [{ name: 'Password of the file', variable: 'P12_PASSWORD', value: made.password, secret: true }] : []),
      ],
      file: { name: `${application.name.replace(/[^\w-]+/g, '-') || 'client'}.p12`, type: 'application/x-pkcs12', bytes: Uint8Array.from(atob(made.pkcs12), (c) => c.charCodeAt(0)) },
    })
  }
  if (shown) {
    return (
      <ShowOnce shown={shown} onDone={onClose}>
        <KeepSecure />
      </ShowOnce>
    )
  }
  const base = `app certificate ${way === 'generate' ? 'generate' : 'add'} ${application.client_id}`
  return (
    <Dialog open wide title={`Add a certificate to ${application.name}`} onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <Choices
          label="Where does it come from?"
          value={way}
          onChange={setWay}
          options={[
            { value: 'generate', label: 'Make one here', hint: "A key and a certificate of this environment's own authority, as a .p12 file with a password. Shown once." },
            { value: 'upload', label: 'Use one that there is', hint: 'The certificate only, from a file or pasted. The private key stays where it is.' },
          ]}
        />
        {way === 'generate' ? (
          <>
            <TextField name="common_name" label="Common name" optional maxLength={64} placeholder={application.client_id} hint="What the certificate is called; the client ID unless given. It fits no other application, whatever it is called." value={commonName} onChange={(e) => setCommonName(e.target.value)} />
            <TextField name="password" type="password" label="Password of the file" optional autoComplete="new-password" hint={`At least ${leastPassword} characters. Left empty, one with 128 random bits is made, and shown once beside the file.`} error={password && password.length < leastPassword ? `at least ${leastPassword} characters` : undefined} value={password} onChange={(e) => setPassword(e.target.value)} />
            {password && <TextField type="password" label="The password again" autoComplete="new-password" hint="Nobody can open the file without it, we neither." error={again && again !== password ? 'that is another one' : undefined} value={again} onChange={(e) => setAgain(e.target.value)} />}
          </>
        ) : (
          <>
            <PublicText name="certificate" label="Certificate" hint="PEM; certificates of the authorities between may follow." accept=".pem,.crt,.cer,.der" value={pem} onChange={setPem} placeholder="-----BEGIN CERTIFICATE-----" />
            {pem && <Parsed pem={pem} />}
            <Checkbox label="Take this one certificate, whoever issued it" hint="For self-signed ones. Else it must come from an authority that this environment accepts." checked={pinned} onChange={(e) => setPinned(e.target.checked)} />
          </>
        )}
        {settings.fields.description}
        {settings.fields.expiry}
        {settings.fields.scopes}
        {settings.fields.networks}
        <p className="rounded-lg border border-line bg-paper px-4 py-3">{settings.summary} It never outlives the certificate itself.</p>
        <FailureBanner failure={failure} known={[...known, 'certificate', 'common_name', 'password']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${application.client_id}/certificates`,
            body: password && way === 'generate' ? { ...body, password: hidden } : body,
            cli: way === 'generate' ? `${base} --out client.p12${name && ` --common-name ${arg(name)}`}${settings.flags(settings.body)}${password && ' --password-from-stdin < password.txt'}` : `${base} --file client.pem${pinned ? ' --pinned' : ''}${settings.flags(settings.body)}`,
            go: ['AddCertificate', application.client_id],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={settings.wrong !== undefined || (way === 'generate' && password !== '' && (password.length < leastPassword || again !== password)) || (way === 'upload' && !pem.includes('-----BEGIN CERTIFICATE-----'))}>
            Save
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

/** What stands in a certificate, so that a person sees whether it is the right one. */
export function Parsed({ pem }: { pem: string }) {
  const [read, setRead] = useState<Preview | null>()
  useEffect(() => {
    let here = true
    void preview(pem).then((found) => here && setRead(found ?? null))
    return () => void (here = false)
  }, [pem])
  if (read === undefined) return null
  if (read === null) return <p className="text-warn">This is no certificate that can be read here yet. It begins with -----BEGIN CERTIFICATE-----.</p>
  const now = Date.now()
  return (
    <section aria-label="What stands in the certificate" className="rounded-lg border border-line bg-paper p-4">
      <Facts>
        <Fact name="Subject">{read.subject || '–'}</Fact>
        {read.names.length > 0 && <Fact name="Also for">{read.names.join(', ')}</Fact>}
        <Fact name="Issuer">{read.issuer === read.subject ? 'Itself (self-signed)' : read.issuer}</Fact>
        <Fact name="Valid">
          <span title={`${when(read.from)} – ${when(read.until)}`}>
            {onDay(read.from)} – {onDay(read.until)}
          </span>{' '}
          {read.until.getTime() < now && <Badge kind="wrong">Expired</Badge>}
          {read.from.getTime() > now && <Badge kind="warn">Not yet valid</Badge>}
        </Fact>
        {read.thumbprint && (
          <Fact name="Thumbprint (x5t#S256)">
            <code className="font-mono text-sm break-all">{read.thumbprint}</code>
          </Fact>
        )}
      </Facts>
    </section>
  )
}
