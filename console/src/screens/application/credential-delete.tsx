import { useState } from 'react'
import { useAction } from '../../ui/action'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Checkbox } from '../../ui/field'
import { Time } from '../../ui/time'
import { usedLately } from '../parts/used'
import { type Entry, nameOf, remove, words } from './credential-kinds'

/** Deletes a credential. The last one that works goes only with a second tick, which the server asks for. */
export function DeleteCredential({ one, application, onClose, onDeleted, onDisable }: { one: Entry; application: string; onClose: () => void; onDeleted: () => void; onDisable: () => void }) {
  const [last, setLast] = useState(false)
  const [force, setForce] = useState(false)
  const { run, busy, failure } = useAction((_, forced: boolean) => remove(one, forced))
  const destroy = async () => {
    if (last && !force) return
    if (await run(last && force)) onDeleted()
  }
  // The server refuses the last one once (409); what else it refuses is shown as it is.
  if (failure?.status === 409 && !last) setLast(true)
  const name = `${words[one.kind].one} ${nameOf(one)}`
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete ${name}?`}
      verb={`Delete ${name}`}
      typed={usedLately(one.last_used_at) ? nameOf(one) : undefined}
      onConfirm={destroy}
      busy={busy}
      blocked={last && !force}
      failure={failure?.status === 409 && !force ? undefined : failure}
      instead={one.enabled && <Button onClick={onDisable}>Disable instead</Button>}
    >
      <p>It is gone for good, and every token that {application} obtained with it stops working at once, on every node.</p>
      <p>
        Last used: <Time at={one.last_used_at} never="not in the last 90 days" />
        {one.last_used_from && ` from ${one.last_used_from}`}. To stop it for a while, disable it.
      </p>
      {last && (
        <Banner kind="warn" title={`It is the last credential that ${application} can use`}>
          <p>Without it {application} gets no tokens until another is added.</p>
          <Checkbox label={`I know that ${application} stops working`} checked={force} onChange={(e) => setForce(e.target.checked)} />
        </Banner>
      )}
    </Confirm>
  )
}
