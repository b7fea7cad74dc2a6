import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { NewWebhook as New } from '../../api/schema'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, TextField } from '../../ui/field'
import { type Shown, ShowOnce } from '../../ui/secret'
import { ShowAs } from '../../ui/showas'
import { KeepSecure } from '../parts/warning'
import { KindFields, type Kinds, kindFlags, kindList } from './kinds'
import { signing } from './secret'
import { arg } from '../../ui/shell'

/** Makes a webhook and shows its signing secret once. */
export function NewWebhook({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [url, setUrl] = useState('')
  const [description, setDescription] = useState('')
  const [kinds, setKinds] = useState<Kinds>({ every: true, chosen: [] })
  const [disabled, setDisabled] = useState(false)
  const [shown, setShown] = useState<Shown>()
  const list = kindList(kinds)
  const body: New = { url, ...(description && { description }), ...(list.length > 0 && { kinds: list }), ...(disabled && { disabled }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/webhooks', { params: { header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const made = await run()
    if (!made) return
    void queries.invalidateQueries({ queryKey: ['webhooks'] })
    if (!made.secret) return onClose() // it was made before, and shown then
    setShown(signing(made, 'The webhook is made'))
  }
  if (shown) {
    return (
      <ShowOnce shown={shown} onDone={onClose}>
        <p>The receiver checks each message against it: who does not have it cannot forge one.</p>
        <KeepSecure />
      </ShowOnce>
    )
  }
  return (
    <Dialog open title="New webhook" onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        <TextField name="url" label="URL" type="url" inputMode="url" placeholder="https://siem.example/hook" hint="Where messages are posted: https, without user, password and fragment." value={url} onChange={(e) => setUrl(e.target.value)} />
        <TextField name="description" label="Description" optional value={description} onChange={(e) => setDescription(e.target.value)} />
        <KindFields kinds={kinds} onChange={setKinds} />
        <Checkbox label="Enabled" hint="Disabled, it collects events from now on and sends them once it is enabled." checked={!disabled} onChange={(e) => setDisabled(!e.target.checked)} />
        <FailureBanner failure={failure} known={['url', 'description', 'kinds']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: '/webhooks',
            body,
            cli: `webhook create ${arg(url || 'URL')}${description && ` --description ${arg(description)}`}${kindFlags(list)}${disabled ? ' --disabled' : ''}`,
            go: ['CreateWebhook'],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Make webhook
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
