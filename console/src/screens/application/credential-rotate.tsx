import { ArrowRight, CircleCheck, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { SecretRotation } from '../../api/schema'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, Select, TextField } from '../../ui/field'
import type { Shown } from '../../ui/secret'
import { ShowAs } from '../../ui/showas'
import { onDay, Time } from '../../ui/time'
import { useTokenURL } from '../parts/useit'
import { unused } from '../parts/used'
import { type Entry, nameOf } from './credential-kinds'
import { Handed, type Handing, HandingFields, shownOf } from './credential-secret'
import type { Ground } from './credential-settings'

const overlaps = [
  ['0', 'Now, with its tokens'],
  ['3600', 'In 1 hour'],
  ['86400', 'In 24 hours'],
  ['604800', 'In 7 days'],
  ['custom', 'On a day of your choice'],
] as const

const old: Record<string, string> = { '0': 'now', '3600': '1h', '86400': '24h', '604800': '7d' }

/** Makes a successor of a secret. The old one goes on for a while, so that nobody stands before a closed door meanwhile. */
export function RotateSecret({ one, ground, onClose, onMade }: { one: Entry; ground: Ground; onClose: () => void; onMade: (said: string) => void }) {
  const [overlap, setOverlap] = useState('86400')
  const [day, setDay] = useState('')
  const [first, setFirst] = useState(false)
  const [quiet, setQuiet] = useState(false)
  const [handing, setHanding] = useState<Handing>('here')
  const [wait, setWait] = useState('86400')
  const [shown, setShown] = useState<Shown>()
  const tokenURL = useTokenURL()
  const custom = overlap === 'custom'
  const waits = first && !custom && overlap !== '0'
  const body: SecretRotation = {
    ...(custom ? { old_ends_at: `${day}T23:59:59Z` } : { old_ends_in: Number(overlap) }),
    ...(waits && { activate_on_first_use: true }),
    ...(quiet && { auto_retire_days: 7 }),
    ...(handing === 'link' && { handover: Number(wait) }),
  }
  const { run, busy, failure } = useAction((key) =>
    ask(api.POST('/applications/{application}/secrets/{secret}/rotate', { params: { path: { application: one.client_id, secret: one.id }, header: { 'Idempotency-Key': key } }, body })),
  )
  const save = async () => {
    const made = await run()
    if (!made) return
    const end = made.old?.tokens_ended ? 'is dead, with its tokens' : made.old?.expires_at ? `goes on until ${onDay(made.old.expires_at)}` : 'goes on until the new one was used'
    onMade(`${nameOf(one)} has a successor; the old secret ${end}.`)
    if (made.secret_shown) return onClose()
    setShown(shownOf(made, `New secret for ${ground.application.name}`, tokenURL))
  }
  if (shown) return <Handed shown={shown} application={ground.application} onDone={onClose} />
  return (
    <Dialog open wide title={`Rotate secret ${nameOf(one)}`} description="A new secret is made with the same description, scopes, networks and length of life. Bring it to where the old one is, then let the old one go." onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <Select name="old_ends_in" label="The old secret ends" hint="An hour if it may have leaked, a day to bring the new one out in peace. It never lives longer than it would have." value={overlap} onChange={(e) => setOverlap(e.target.value)} options={overlaps} />
        {custom && <TextField name="old_ends_at" type="date" label="Last day of the old secret" value={day} min={new Date().toISOString().slice(0, 10)} onChange={(e) => setDay(e.target.value)} required />}
        {!custom && overlap !== '0' && <Checkbox label="Count from the first use of the new secret" hint="Until somebody uses the new one, the old one goes on." checked={first} onChange={(e) => setFirst(e.target.checked)} />}
        {overlap !== '0' && <Checkbox label="Delete the old one once it was not used for 7 days" checked={quiet} onChange={(e) => setQuiet(e.target.checked)} />}
        <HandingFields {...{ handing, wait }} onHanding={setHanding} onWait={setWait} />
        <FailureBanner failure={failure} known={['old_ends_in', 'old_ends_at', 'handover']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${one.client_id}/secrets/${one.id}/rotate`,
            body,
            cli: `app secret rotate ${one.client_id} ${one.id} --old ${custom ? `${day || 'DAY'}T23:59:59Z` : old[overlap]}${waits ? ' --activate-on-first-use' : ''}${quiet ? ' --auto-retire 7' : ''}${handing === 'link' ? ` --handover ${Number(wait) / 3600}h` : ''}`,
            go: ['RotateSecret', one.client_id, one.id],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={custom && !day}>
            Rotate secret {nameOf(one)}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

/** A secret and the one that replaces it: who still uses which, and whether the old one can go. */
export function Succession({ before, after, onDelete }: { before: Entry; after: Entry; onDelete?: (one: Entry) => void }) {
  return (
    <section aria-label={`${nameOf(before)} is being replaced`} className="rounded-xl border border-line bg-card p-4">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <Side title="Old" one={before}>
          {after.old_ends_in !== undefined ? 'goes on until the new one is used' : before.expires_at ? <>ends <Time at={before.expires_at} /></> : 'goes on'}
        </Side>
        <ArrowRight aria-label="is replaced by" className="size-5 shrink-0 text-soft" />
        <Side title="New" one={after} />
        <div className="ml-auto flex flex-wrap items-center gap-3">
          {before.safe_to_remove ? (
            <Badge kind="good" icon={CircleCheck}>Safe to remove</Badge>
          ) : (
            <Badge kind="warn" icon={TriangleAlert}>{before.still_used ? 'The old one is still used' : 'Used in the last 24 hours, or the new one does not work yet'}</Badge>
          )}
          {before.safe_to_remove && onDelete && <Button onClick={() => onDelete(before)}>Delete old secret {nameOf(before)}</Button>}
        </div>
      </div>
    </section>
  )
}

function Side({ title, one, children }: { title: string; one: Entry; children?: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <p className="font-semibold">
        {title}: <code className="font-mono text-sm">{one.hint || one.id.slice(0, 8)}</code>
      </p>
      <p className="text-sm text-soft">
        Last used: <Time at={one.last_used_at} never={unused(one.created_at).toLowerCase()} />
        {children && <>; {children}</>}
      </p>
    </div>
  )
}
