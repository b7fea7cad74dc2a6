import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { failureOf } from '../../api/problem'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { change, type Entry, nameOf, type One, read, words } from './credential-kinds'
import { type Ground, known, useSettings } from './credential-settings'

type Props = { one: Entry; ground: Ground; onClose: (said?: string) => void }

/** Changes the surroundings of a credential; what proves it never changes. */
export function EditCredential({ one, ground, onClose }: Props) {
  const { data, error } = useQuery({ queryKey: ['credentials', 'edit', one.id], queryFn: () => read(one), gcTime: 0, staleTime: Infinity, refetchOnMount: 'always' })
  return (
    <Dialog open wide title={`Edit ${words[one.kind].one} ${nameOf(one)}`} onClose={() => onClose()}>
      {data ? <EditForm key={one.id} {...{ one, ground, onClose }} began={data} /> : error ? <FailureBanner failure={failureOf(error)} /> : <Waiting />}
    </Dialog>
  )
}

function EditForm({ one, ground, onClose, began }: Props & { began: { data: One; tag: string } }) {
  const settings = useSettings(ground, began.data)
  const [base, setBase] = useState(began.data)
  const edit = useChange({
    began,
    read: () => read(one),
    write: (tag) => change(one, tag, settings.change(base)),
  })
  const body = settings.change(base)
  const done = (changed?: object) => changed && onClose(`${settings.description || nameOf(one)} is changed.`)
  const { cli, go, path } = words[one.kind]
  return (
    <Form failure={edit.failure} onSubmit={async () => !settings.wrong && done(await edit.save())}>
      {settings.fields.description}
      {settings.fields.expiry}
      {settings.fields.scopes}
      {settings.fields.networks}
      <p className="rounded-lg border border-line bg-paper px-4 py-3">{settings.summary} Tokens that are out live on with what they have.</p>
      <Conflict
        began={edit.base.data}
        theirs={edit.theirs?.data}
        mine={{ description: settings.description, scopes: settings.list, networks: settings.networks, ...('expires_at' in body && { expires_at: body.expires_at ?? undefined }) }}
        names={{ description: 'Description', expires_at: 'Expires', scopes: 'Scopes', networks: 'Networks', enabled: 'Enabled' }}
        onKeep={async () => done(await edit.keepMine())}
        onTake={() => {
          const theirs = edit.useTheirs()
          if (!theirs) return
          setBase(theirs)
          settings.take(theirs)
        }}
      />
      <FailureBanner failure={edit.failure} known={known} />
      <ShowAs
        asked={{
          method: 'PATCH',
          path: `/applications/${one.client_id}/${path}/${one.id}`,
          body,
          cli: `app ${cli} edit ${one.client_id} ${one.id}${settings.flags(body)}`,
          go: [`Update${go}`, one.client_id, one.id],
        }}
      />
      <DialogButtons>
        <Button onClick={() => onClose()}>Cancel</Button>
        <Button type="submit" look="primary" busy={edit.busy} disabled={settings.wrong !== undefined}>
          Save
        </Button>
      </DialogButtons>
    </Form>
  )
}
