import { useQueryClient } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge, StateBadge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Choices } from '../../ui/field'
import { Fact, Facts, Section, Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Switch } from '../../ui/switch'
import { Table } from '../../ui/table'
import { Countdown, Time } from '../../ui/time'
import { useLock, useUnlock } from './lock'

type Policy = Application['lock_policy']

/** What failed logons lock, how many there were, and the way out of a lock. */
export function LockSettings({ application }: { application: Application }) {
  const queries = useQueryClient()
  const may = useMay()
  const { client_id: clientId } = application
  const { data: lock, error } = useLock(clientId)
  const unlock = useUnlock(clientId)
  const { run, busy, failure } = useAction(async (_, policy: Policy) => {
    await ask(api.PUT('/applications/{application}/lock-policy', { params: { path: { application: clientId } }, body: { policy } }))
    announce(policy === 'off' ? 'Client ID lock is off.' : 'Client ID lock is on.')
    await queries.invalidateQueries({ queryKey: ['applications'] })
  })
  const policy = application.lock_policy
  const locked = lock?.locked === true
  const anyLocked = locked || lock?.networks.some((n) => n.locked_until) === true
  const writes = may('applications:write')
  return (
    <Section title="Client ID lock" lead="Five failed logons with secrets in a row lock for an hour, so that a secret cannot be guessed.">
      <div className="space-y-5">
        <Switch label="Client ID lock" hint={policy === 'off' ? 'Off: nothing is counted and nothing locks.' : 'On: failed logons are counted.'} on={policy !== 'off'} busy={busy} disabled={!writes} onChange={(on) => void run(on ? 'on' : 'off')} />
        {policy !== 'off' && writes && (
          <Choices
            label="What is locked"
            value={policy}
            onChange={(next) => void run(next)}
            options={[
              { value: 'on', label: 'The client ID', hint: 'Wherever the failures came from.' },
              { value: 'client+network', label: 'The network that they came from', hint: 'A stranger elsewhere cannot lock the client out.' },
            ]}
          />
        )}
        <FailureBanner failure={failure ?? unlock.failure} />
        {error && <FailureBanner failure={failureOf(error)} />}
        {!lock && !error && <Waiting lines={2} />}
        {lock && (
          <>
            <Facts>
              <Fact name="Status">{locked ? <><StateBadge state="locked" /> for another {lock.locked_until && <Countdown to={lock.locked_until} />}</> : <Badge kind="good">Not locked</Badge>}</Fact>
              <Fact name="Failures so far">
                {lock.failures} {lock.last_failure_at && <>– the last <Time at={lock.last_failure_at} /></>}
              </Fact>
            </Facts>
            {lock.networks.length > 0 && (
              <Table
                rows={lock.networks}
                rowKey={(n) => n.network}
                caption="Failed logons by network"
                columns={[
                  { name: 'Network', always: true, cell: (n) => <code className="font-mono">{n.network === '-' ? 'no address' : n.network}</code> },
                  { name: 'Failures', always: true, cell: (n) => n.failures },
                  { name: 'Last failure', cell: (n) => <Time at={n.last_failure_at} /> },
                  { name: 'Locked', always: true, cell: (n) => (n.locked_until ? <Countdown to={n.locked_until} /> : 'No') },
                ]}
              />
            )}
            {may('credentials:write') && (
              <Button disabled={!anyLocked} busy={unlock.busy} onClick={() => unlock.run()}>
                Unlock {application.name}
              </Button>
            )}
          </>
        )}
        {writes && (
          <ShowAs
            asked={{
              method: 'PUT',
              path: `/applications/${clientId}/lock-policy`,
              body: { policy },
              cli: `app lock-policy ${clientId} ${policy}`,
              go: `_, err := c.SetLockPolicy(ctx, ${JSON.stringify(clientId)}, ${JSON.stringify(policy)})`,
            }}
          />
        )}
      </div>
    </Section>
  )
}
