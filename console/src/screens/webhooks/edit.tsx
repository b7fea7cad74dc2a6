import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Webhook } from '../../api/schema'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form, TextField } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { KindFields, kindFlags, kindList, kindsOf } from './kinds'
import { arg } from '../../ui/shell'

const read = (id: string) => askTagged(api.GET('/webhooks/{webhook}', { params: { path: { webhook: id } } }))

/** Changes where a webhook sends what. */
export function EditWebhook({ one, onClose }: { one: Webhook; onClose: (said?: string) => void }) {
  const { data, error } = useQuery({ queryKey: ['webhooks', 'edit', one.id], queryFn: () => read(one.id), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open title="Edit the webhook" onClose={() => onClose()}>
      {data ? <EditForm began={data} onClose={onClose} /> : <Waiting error={error} />}
    </Dialog>
  )
}

function EditForm({ began, onClose }: { began: { data: Webhook; tag: string }; onClose: (said?: string) => void }) {
  const one = began.data
  const [url, setUrl] = useState(one.url)
  const [description, setDescription] = useState(one.description)
  const [kinds, setKinds] = useState(() => kindsOf(one.kinds))
  const list = kindList(kinds)
  const body = { url, description, kinds: list }
  const change = useChange({
    began,
    read: () => read(one.id),
    write: (tag) => ask(api.PATCH('/webhooks/{webhook}', { params: { path: { webhook: one.id }, header: { 'If-Match': tag } }, body })),
  })
  const done = (changed?: Webhook) => changed && onClose('The webhook is changed.')
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <TextField name="url" label="URL" type="url" inputMode="url" hint="Also for messages that have not arrived." value={url} onChange={(e) => setUrl(e.target.value)} />
      <TextField name="description" label="Description" optional value={description} onChange={(e) => setDescription(e.target.value)} />
      <KindFields kinds={kinds} onChange={setKinds} />
      <Conflict
        began={change.base.data}
        theirs={change.theirs?.data}
        mine={body}
        names={{ url: 'URL', description: 'Description', kinds: 'Hears of', enabled: 'Enabled' }}
        onKeep={async () => done(await change.keepMine())}
        onTake={() => {
          const theirs = change.useTheirs()
          if (!theirs) return
          setUrl(theirs.url)
          setDescription(theirs.description)
          setKinds(kindsOf(theirs.kinds))
        }}
      />
      <FailureBanner failure={change.failure} known={['url', 'description', 'kinds']} />
      <ShowAs
        asked={{
          method: 'PATCH',
          path: `/webhooks/${one.id}`,
          body,
          cli: `webhook edit ${one.id} --url ${arg(url)} --description ${arg(description)}${list.length > 0 ? kindFlags(list) : ' --every-kind'}`,
          go: ['UpdateWebhook', one.id],
        }}
      />
      <DialogButtons>
        <Button onClick={() => onClose()}>Cancel</Button>
        <Button type="submit" look="primary" busy={change.busy}>
          Save
        </Button>
      </DialogButtons>
    </Form>
  )
}
