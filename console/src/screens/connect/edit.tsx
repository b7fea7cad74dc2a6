import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Connection, ConnectionChange } from '../../api/schema'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form, TextArea, TextField } from '../../ui/field'
import { Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { pairsOf, tagText } from './words'
import { flagsOf } from '../../ui/shell'

const read = (one: Connection) => askTagged(api.GET('/connect/connections/{connection}', { params: { path: { connection: one.id } } }))

/** Changes what a connection is called and whose it is; what was entered is changed by connecting again. */
export function EditConnection({ one, onClose }: { one: Connection; onClose: (said?: string) => void }) {
  const { data, error } = useQuery({ queryKey: ['connections', 'edit', one.id], queryFn: () => read(one), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open title={`Edit ${one.name || one.id}`} onClose={() => onClose()}>
      {data ? <EditForm began={data} onClose={onClose} /> : <Waiting error={error} />}
    </Dialog>
  )
}

function EditForm({ began, onClose }: { began: { data: Connection; tag: string }; onClose: (said?: string) => void }) {
  const one = began.data
  const [name, setName] = useState(one.name)
  const [tags, setTags] = useState(tagText(one.tags).join('\n'))
  const [user, setUser] = useState(one.end_user)
  const lines = tagText(pairsOf(tags))
  const body: ConnectionChange = { name, tags: pairsOf(tags), end_user: Object.fromEntries(Object.entries(user).filter(([, value]) => value)) }
  const change = useChange({
    began,
    read: () => read(one),
    write: (tag) => ask(api.PATCH('/connect/connections/{connection}', { params: { path: { connection: one.id }, header: { 'If-Match': tag } }, body })),
  })
  const done = (changed?: Connection) => changed && onClose('The connection is changed.')
  const fill = (from: Connection) => {
    setName(from.name)
    setTags(tagText(from.tags).join('\n'))
    setUser(from.end_user)
  }
  const typed = (field: keyof Connection['end_user']) => ({ value: user[field] ?? '', onChange: (e: { target: { value: string } }) => setUser({ ...user, [field]: e.target.value }) })
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <TextField name="name" label="Name" optional value={name} onChange={(e) => setName(e.target.value)} />
      <TextArea name="tags" label="Tags" optional hint="One a line, as name=value. What is taken away here goes." mono value={tags} onChange={(e) => setTags(e.target.value)} />
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField name="end_user.id" label="End user" optional {...typed('id')} />
        <TextField name="end_user.display_name" label="Their name" optional {...typed('display_name')} />
        <TextField name="end_user.email" label="Their e-mail address" optional {...typed('email')} />
        <TextField name="end_user.organization_id" label="Organization" optional {...typed('organization_id')} />
      </div>
      <Conflict
        began={change.base.data}
        theirs={change.theirs?.data}
        mine={{ name, tags: pairsOf(tags), end_user: user }}
        names={{ name: 'Name', tags: 'Tags', end_user: 'End user', enabled: 'Switched on' }}
        onKeep={async () => done(await change.keepMine())}
        onTake={() => {
          const theirs = change.useTheirs()
          if (theirs) fill(theirs)
        }}
      />
      <FailureBanner failure={change.failure} known={['name', 'tags', 'end_user.id', 'end_user.display_name', 'end_user.email', 'end_user.organization_id']} />
      <ShowAs
        asked={{
          method: 'PATCH',
          path: `/connect/connections/${one.id}`,
          body,
          cli: `connect edit ${one.id}${flagsOf({ name, tag: lines.length > 0 ? lines : [''], end_user: user.id ?? '', display_name: user.display_name ?? '', email: user.email ?? '', organization: user.organization_id ?? '' })}`,
          go: ['ChangeConnection', one.id],
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
