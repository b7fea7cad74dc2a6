import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { User } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Section } from '../../ui/page'
import { reached } from '../parts/warning'
import { called } from './person'

type Act = { verb: string; scope: string; effect: string; done: string; danger?: boolean; on: (user: User) => boolean; send: (id: string) => Promise<{ propagated: boolean }> }

const at = (user: string) => ({ params: { path: { user } } })
const locked = (user: User) => user.state === 'locked'

/** What moves a person from state to state. Those that stop somebody are asked for once, and say what they end. */
const acts: readonly Act[] = [
  { verb: 'Approve', scope: 'users:write', effect: 'The person then waits to be activated.', done: 'is approved and waits to be activated.', on: (u) => u.status === 'unapproved', send: (id) => ask(api.POST('/users/{user}/approve', at(id))) },
  { verb: 'Activate', scope: 'users:write', effect: 'The person may sign in.', done: 'is active and may sign in.', on: (u) => u.status === 'staged' || u.status === 'suspended', send: (id) => ask(api.POST('/users/{user}/activate', at(id))) },
  { verb: 'Unlock', scope: 'users:write', effect: 'The person may try again, and the failures that led to the lock are forgotten.', done: 'is unlocked, and its failed attempts are forgotten.', on: locked, send: (id) => ask(api.POST('/users/{user}/unlock', at(id))) },
  { verb: 'Lock', scope: 'users:write', danger: true, effect: 'The person is kept out until somebody unlocks it. Its sessions and the links that were mailed to it die for good.', done: 'is locked. Its sessions and links are dead.', on: (u) => u.status === 'active' && !locked(u), send: (id) => ask(api.POST('/users/{user}/lock', { ...at(id), body: {} })) },
  { verb: 'Suspend', scope: 'users:write', danger: true, effect: 'The person cannot sign in until it is activated again. Its sessions and the links that were mailed to it die for good.', done: 'is suspended. Its sessions and links are dead.', on: (u) => u.status === 'active', send: (id) => ask(api.POST('/users/{user}/suspend', at(id))) },
  { verb: 'Reject', scope: 'users:write', danger: true, effect: 'The person does not come in. It stays in the list, as rejected.', done: 'is rejected.', on: (u) => u.status === 'unapproved' || u.status === 'staged', send: (id) => ask(api.POST('/users/{user}/reject', at(id))) },
]

export function StatusActions({ user, tag, tell }: { user: User; tag: string; tell: (text: string) => void }) {
  const may = useMay()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [asking, setAsking] = useState<Act>()
  const [deleting, setDeleting] = useState(false)
  const run = useAction((_, act: Act) => act.send(user.id))
  const remove = useAction(() => ask(api.DELETE('/users/{user}', { params: { path: { user: user.id }, header: { 'If-Match': tag } } })))
  const name = called(user)
  const go = async (act: Act) => {
    const done = await run.run(act)
    if (!done) return
    setAsking(undefined)
    tell(`${name} ${act.done} ${reached(done.propagated)}`)
  }
  const offered = acts.filter((act) => may(act.scope) && act.on(user))
  if (offered.length === 0 && !may('users:write')) return null
  return (
    <Section title="State">
      {!asking && <FailureBanner failure={run.failure} />}
      <ul className="space-y-3">
        {offered.map((act) => (
          <li key={act.verb} className="flex flex-wrap items-center justify-between gap-3">
            <span className="max-w-prose text-soft">{act.effect}</span>
            <Button look={act.danger ? 'danger' : 'plain'} busy={run.busy} onClick={() => (act.danger ? setAsking(act) : go(act))}>
              {act.verb} {name}
            </Button>
          </li>
        ))}
        {may('users:write') && (
          <li className="flex flex-wrap items-center justify-between gap-3">
            <span className="max-w-prose text-soft">The person is gone for good, with its memberships, sessions and links.</span>
            <Button look="danger" onClick={() => setDeleting(true)}>
              Delete {name}
            </Button>
          </li>
        )}
      </ul>
      {asking && (
        <Confirm open onClose={() => setAsking(undefined)} title={`${asking.verb} ${name}?`} verb={`${asking.verb} ${name}`} onConfirm={() => go(asking)} busy={run.busy} failure={run.failure}>
          <p>{asking.effect}</p>
        </Confirm>
      )}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(false)}
          title={`Delete ${name}?`}
          verb={`Delete ${name}`}
          typed={user.last_login_at && Date.now() - Date.parse(user.last_login_at) < 7 * 86_400_000 ? user.user_name : undefined}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run())) return
            void queries.invalidateQueries({ queryKey: ['users'] })
            void navigate({ to: '/directory/users' })
          }}
        >
          <p>It cannot be undone: memberships, roles, factors, sessions and links go with the person. Suspended, a person is kept out and can come back.</p>
        </Confirm>
      )}
    </Section>
  )
}
