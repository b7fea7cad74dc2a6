import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import { useMay, useSession } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { ExpiryBadge, StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Fact, Facts, Waiting } from '../../ui/page'
import { Time } from '../../ui/time'
import { Reveal } from '../parts/reveal'
import { reached } from '../parts/warning'
import { usedLately } from '../parts/used'
import { accessName } from './words'

/** One pair: what it is, and what can be done with it. */
export function PairDialog({ clientId, onClose }: { clientId: string; onClose: () => void }) {
  const queries = useQueryClient()
  const may = useMay()
  const { administrator } = useSession()
  const [deleting, setDeleting] = useState(false)
  const [said, setSaid] = useState('')
  const path = { pair: clientId }
  const { data: pair, error, isPending } = useQuery({ queryKey: ['pairs', 'one', clientId], queryFn: () => ask(api.GET('/credentials/{pair}', { params: { path } })) })
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['pairs'] })
  }
  const disable = useAction(() => ask(api.POST('/credentials/{pair}/disable', { params: { path } })))
  const enable = useAction(() => ask(api.POST('/credentials/{pair}/enable', { params: { path } })))
  const remove = useAction(() => ask(api.DELETE('/credentials/{pair}', { params: { path } })))
  const switchOff = async () => {
    const done = await disable.run()
    if (done) tell(`Disabled. Its tokens are dead and stay so. ${reached(done.propagated)}`)
    setDeleting(false)
  }
  const switchOn = async () => {
    if (await enable.run()) tell('Enabled. It gets new tokens; those from before stay dead.')
  }
  const destroy = async () => {
    if (!(await remove.run())) return
    announce('Deleted')
    void queries.invalidateQueries({ queryKey: ['pairs'] })
    onClose()
  }
  const mayChange = administrator && may('applications:write')
  return (
    <Dialog open wide title={pair ? pair.name : 'API credential'} onClose={onClose}>
      {isPending && <Waiting />}
      {error && <FailureBanner failure={failureOf(error)} />}
      {pair && (
        <div className="space-y-5">
          <Facts>
            <Fact name="State">
              <StateBadge state={pair.enabled ? 'active' : 'disabled'} />
            </Fact>
            <Fact name="Access">{accessName(pair.access)}</Fact>
            <Fact name="Client ID">
              <Copied text={pair.client_id} what="the client ID" />
            </Fact>
            <Fact name="Client secret">
              <Reveal clientId={pair.client_id} secretId={pair.secret_id} hint={pair.hint} viewable={pair.viewable} why={pair.why_hidden} />
            </Fact>
            {pair.description && <Fact name="Description">{pair.description}</Fact>}
            <Fact name="Last used">
              <Time at={pair.last_used_at} never="Not in the last 90 days" />
            </Fact>
            <Fact name="Expires">
              <ExpiryBadge at={pair.expires_at} />
            </Fact>
            <Fact name="Created">
              <Time at={pair.created_at} />
            </Fact>
          </Facts>
          {said && (
            <Banner kind="good" title={said}>
              {!pair.enabled && (
                <Button onClick={switchOn} busy={enable.busy}>
                  Undo: enable it again
                </Button>
              )}
            </Banner>
          )}
          <FailureBanner failure={disable.failure ?? enable.failure} />
          {mayChange && (
            <DialogButtons>
              {pair.enabled ? (
                <Button onClick={switchOff} busy={disable.busy}>
                  Disable
                </Button>
              ) : (
                <Button onClick={switchOn} busy={enable.busy}>
                  Enable
                </Button>
              )}
              <Button look="danger" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            </DialogButtons>
          )}
          <Confirm
            open={deleting}
            onClose={() => setDeleting(false)}
            title={`Delete ${pair.name}?`}
            verb={`Delete ${pair.name}`}
            typed={usedLately(pair.last_used_at) ? pair.name : undefined}
            onConfirm={destroy}
            busy={remove.busy}
            failure={remove.failure}
            instead={pair.enabled && <Button onClick={switchOff}>Disable instead</Button>}
          >
            <p>It is gone for good, and every token that was obtained with it stops working at once, on every node.</p>
            <p>
              Last used: <Time at={pair.last_used_at} never="not in the last 90 days" />. To stop it for a while, disable it.
            </p>
          </Confirm>
        </div>
      )}
    </Dialog>
  )
}
