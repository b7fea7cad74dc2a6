import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application, NewSecret, Secret } from '../../api/schema'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Choices, Form, Select } from '../../ui/field'
import { type Shown, ShowOnce } from '../../ui/secret'
import { ShowAs } from '../../ui/showas'
import { UseIt, useTokenURL } from '../parts/useit'
import { KeepSecure } from '../parts/warning'
import { type Ground, known, useSettings } from './credential-settings'

/** How long a link may wait for whoever shall see the secret. */
const waits = [
  ['3600', '1 hour'],
  ['86400', '24 hours'],
  ['259200', '72 hours'],
] as const

export type Handing = 'here' | 'link'

/** Asks whether the secret is shown here, or to somebody else by a link that works once. */
export function HandingFields({ handing, onHanding, wait, onWait }: { handing: Handing; onHanding: (handing: Handing) => void; wait: string; onWait: (wait: string) => void }) {
  return (
    <>
      <Choices
        label="Who sees the secret?"
        value={handing}
        onChange={onHanding}
        options={[
          { value: 'here', label: 'Show it to me, once' },
          { value: 'link', label: 'Give me a link for whoever needs it', hint: 'It shows the secret once to the first who opens it. You never see it.' },
        ]}
      />
      {handing === 'link' && <Select name="handover" label="The link works for" value={wait} onChange={(e) => onWait(e.target.value)} options={waits} />}
    </>
  )
}

/** What is shown of a secret that was just made: itself, or the link to it. */
export function shownOf(made: Secret, title: string, tokenURL: string): Shown {
  const rest = [
    { name: 'Client ID', variable: 'CLIENT_ID', value: made.client_id },
    { name: 'Token URL', variable: 'TOKEN_URL', value: tokenURL },
  ]
  return {
    title,
    slug: 'counterfoil-client',
    kept: made.viewable && !made.handover_url,
    values: made.handover_url
      ? [{ name: 'Link', variable: 'HANDOVER_URL', value: made.handover_url, secret: true }]
      : [rest[0]!, { name: 'Client secret', variable: 'CLIENT_SECRET', value: made.secret ?? '', secret: true }, rest[1]!],
  }
}

/** Shows a new secret once, with what gets a token by it. */
export function Handed({ shown, application, onDone }: { shown: Shown; application: Application; onDone: () => void }) {
  const secret = shown.values.find(({ variable }) => variable === 'CLIENT_SECRET')?.value
  return (
    <ShowOnce shown={shown} onDone={onDone}>
      <KeepSecure />
      {secret && (
        <details className="rounded-lg border border-line">
          <summary className="cursor-pointer px-4 py-2 font-semibold">Use it, and test it</summary>
          <div className="px-4 pb-4">
            <UseIt clientId={application.client_id} scopes={application.scopes} secret={secret} posts={application.auth_methods.length > 0 && !application.auth_methods.includes('client_secret_basic')} />
          </div>
        </details>
      )}
    </ShowOnce>
  )
}

/** Makes another secret of an application. What it answers lives here until it is stored, and nowhere else. */
export function AddSecret({ ground, onClose, onMade }: { ground: Ground; onClose: () => void; onMade: (said: string) => void }) {
  const { application, policy } = ground
  const settings = useSettings(ground)
  const tokenURL = useTokenURL()
  const mayKeep = policy?.viewable_secrets ?? false
  // As the server would decide: secrets of services are kept only if somebody says so.
  const [viewable, setViewable] = useState(mayKeep && application.kind !== 'service')
  const [handing, setHanding] = useState<Handing>('here')
  const [wait, setWait] = useState('86400')
  const [shown, setShown] = useState<Shown>()
  const body: NewSecret = { ...settings.body, ...(mayKeep && { viewable }), ...(handing === 'link' && { handover: Number(wait) }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/applications/{application}/secrets', { params: { path: { application: application.client_id }, header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    if (settings.wrong) return
    const made = await run()
    if (!made) return
    onMade(`${application.name} has another secret${settings.description && `, ${settings.description}`}.`)
    if (made.secret_shown) return onClose()
    setShown(shownOf(made, `Secret for ${application.name}`, tokenURL))
  }
  if (shown) return <Handed shown={shown} application={application} onDone={onClose} />
  return (
    <Dialog open wide title={`Add a secret to ${application.name}`} onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        {settings.fields.description}
        {settings.fields.expiry}
        {settings.fields.scopes}
        {settings.fields.networks}
        {mayKeep && (
          <Checkbox label="Can be revealed again" hint="It is kept sealed, and whoever may reveal secrets can see it; each time is an event of the ledger." checked={viewable} onChange={(e) => setViewable(e.target.checked)} />
        )}
        <HandingFields {...{ handing, wait }} onHanding={setHanding} onWait={setWait} />
        <p id="summary" className="rounded-lg border border-line bg-paper px-4 py-3">
          {settings.summary} The secrets that there are go on working.
        </p>
        <FailureBanner failure={failure} known={[...known, 'handover']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${application.client_id}/secrets`,
            body,
            cli: `app secret add ${application.client_id}${settings.flags(settings.body)}${mayKeep ? ` --viewable=${viewable}` : ''}${handing === 'link' ? ` --handover ${Number(wait) / 3600}h` : ''}`,
            go: ['AddSecret', application.client_id],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={settings.wrong !== undefined}>
            Save
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
