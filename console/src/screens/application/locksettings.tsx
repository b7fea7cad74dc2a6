import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge, StateBadge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Choices, Form, Select, TextField } from '../../ui/field'
import { Fact, Facts, Section, Waiting } from '../../ui/page'
import { arg } from '../../ui/shell'
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
  const [locking, setLocking] = useState(false)
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
              <div className="flex flex-wrap gap-2">
                <Button disabled={!anyLocked} busy={unlock.busy} onClick={() => unlock.run()}>
                  Unlock {application.name}
                </Button>
                <Button onClick={() => setLocking(true)}>Lock {application.name}</Button>
              </div>
            )}
            {locking && <LockNow application={application} onClose={() => setLocking(false)} />}
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

const terms = [['60', 'For an hour'], ['720', 'For 12 hours'], ['1440', 'For a day'], ['10080', 'For a week'], ['525600', 'For a year, or until it is unlocked']] as const

/** Locks a client ID by hand: when a secret may be in wrong hands, and nobody knows yet which. */
function LockNow({ application, onClose }: { application: Application; onClose: () => void }) {
  const queries = useQueryClient()
  const { client_id: clientId, name } = application
  const [minutes, setMinutes] = useState<string>('60')
  const [reason, setReason] = useState('')
  const body = { minutes: Number(minutes), ...(reason && { reason }) }
  const { run, busy, failure } = useAction(async () => {
    await ask(api.POST('/applications/{application}/lock', { params: { path: { application: clientId } }, body }))
    announce(`${name} is locked. It takes no secrets.`)
    await queries.invalidateQueries({ queryKey: ['applications'] })
    return true
  })
  return (
    <Dialog open title={`Lock ${name}?`} description="It takes no secrets meanwhile, wherever they come from. Its tokens, certificates and JWT keys go on working; disabling the application stops those, too." onClose={onClose}>
      <Form failure={failure} onSubmit={async () => (await run()) && onClose()}>
        <Select label="How long?" value={minutes} onChange={(e) => setMinutes(e.target.value)} options={terms} />
        <TextField name="reason" label="Reason" optional maxLength={255} hint="A sentence for the ledger. No secrets." value={reason} onChange={(e) => setReason(e.target.value)} />
        <FailureBanner failure={failure} known={['reason']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${clientId}/lock`,
            body,
            cli: `app lock ${clientId} --until ${Number(minutes) / 60}h${reason && ` --reason ${arg(reason)}`}`,
            go: ['LockApplication', clientId],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" busy={busy}>
            Lock client ID
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
