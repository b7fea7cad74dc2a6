import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import type { Connection, GoneBody } from '../../api/schema'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Time } from '../../ui/time'
import { usedLately } from '../parts/used'
import { callersQuery } from './callers'

/** Asks before a connection is deleted, and hands on what became of its token. */
export function DeleteConnection({ one, onOff, onClose, onGone }: { one: Connection; onOff: () => void; onClose: () => void; onGone: (answer: GoneBody) => void }) {
  const queries = useQueryClient()
  const name = one.name || one.id
  const callers = useQuery(callersQuery(one.id))
  // The time of the last use is late by up to a minute; who came first is known at once.
  const lately = usedLately(one.last_used_at) || (callers.data?.items ?? []).some((caller) => usedLately(caller.first_at))
  const remove = useAction(() => ask(api.DELETE('/connect/connections/{connection}', { params: { path: { connection: one.id } } })))
  const destroy = async () => {
    const answer = await remove.run()
    if (!answer) return
    announce(`${name} is deleted`)
    onGone(answer)
    queries.removeQueries({ queryKey: ['connections', 'one', one.id] })
    void queries.invalidateQueries({ queryKey: ['connections'] })
    void queries.invalidateQueries({ queryKey: ['overview'] })
  }
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete ${name}?`}
      verb={`Delete ${name}`}
      typed={lately ? name : undefined}
      onConfirm={destroy}
      busy={remove.busy}
      failure={remove.failure}
      instead={one.enabled && <Button onClick={onOff}>Switch off instead</Button>}
    >
      <p>It is gone for good, with everything that was entered. The provider is asked to revoke its token, and the next screen says what it answered.</p>
      <p>
        Last used: <Time at={one.last_used_at} never="never" />. Programs that use it are told that there is no such connection.
      </p>
    </Confirm>
  )
}
