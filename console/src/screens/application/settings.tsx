import { useNavigate } from '@tanstack/react-router'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Section } from '../../ui/page'
import { Configuration } from './configuration'
import { Editing } from './editing'
import { LockSettings } from './locksettings'
import { EnabledBanner, useEnabled } from './overview'
import { ApplicationPage } from './page'

/** How an application is configured, what locks it, and the end of it. */
export const ApplicationSettings = () => (
  <ApplicationPage>
    {(application, held) => (
      <>
        <Editing key={application.client_id} held={held}>
          {(began, saved) => <Configuration began={began} onSaved={saved} />}
        </Editing>
        <LockSettings application={application} />
        <Danger application={application} />
      </>
    )}
  </ApplicationPage>
)

function Danger({ application }: { application: Application }) {
  const may = useMay()
  const [deleting, setDeleting] = useState(false)
  const enabled = useEnabled(application)
  if (!may('applications:write')) return null
  return (
    <Section danger title="Danger zone">
      <div className="space-y-5">
        <EnabledBanner of={enabled} enabled={application.enabled} />
        <Danger.Row what={application.enabled ? 'Disable it' : 'Enable it'} effect={application.enabled ? 'Its credentials are refused and its tokens die at once. You can enable it again; the tokens stay dead.' : 'Its credentials work again. Tokens from before stay dead.'}>
          <Button look={application.enabled ? 'danger' : 'plain'} busy={enabled.busy} onClick={() => enabled.set(!application.enabled)}>
            {application.enabled ? 'Disable' : 'Enable'} {application.name}
          </Button>
        </Danger.Row>
        <Danger.Row what="Delete it" effect="It is gone for good, with its credentials, its roles and its tokens. Its client ID is never used again.">
          <Button look="danger" onClick={() => setDeleting(true)}>
            Delete {application.name}
          </Button>
        </Danger.Row>
      </div>
      {deleting && <Delete application={application} onClose={() => setDeleting(false)} disable={application.enabled ? () => enabled.set(false) : undefined} />}
    </Section>
  )
}

Danger.Row = ({ what, effect, children }: { what: string; effect: string; children: React.ReactNode }) => (
  <div className="flex flex-wrap items-center justify-between gap-3">
    <div>
      <h3 className="font-semibold">{what}</h3>
      <p className="max-w-prose text-soft">{effect}</p>
    </div>
    {children}
  </div>
)

const week = 168 // hours

function Delete({ application, onClose, disable }: { application: Application; onClose: () => void; disable?: () => Promise<unknown> }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const uses = useQuery({
    queryKey: ['applications', application.client_id, 'usage', week],
    queryFn: () => ask(api.GET('/usage', { params: { query: { application: application.client_id, hours: week } } })),
    enabled: may('credentials:read'),
  })
  const total = uses.data?.items.reduce((sum, { outcomes }) => sum + outcomes.uses, 0)
  // Who cannot be told how much it is used types its name: the wrong one could be missed.
  const typed = total === 0 ? undefined : application.name
  const { run, busy, failure } = useAction(() => ask(api.DELETE('/applications/{application}', { params: { path: { application: application.client_id } } })))
  const destroy = async () => {
    if (!(await run())) return
    announce(`${application.name} is deleted.`)
    await navigate({ to: '/applications', search: { deleted: application.name } })
    queries.removeQueries({ queryKey: ['applications', application.client_id] })
    void queries.invalidateQueries({ queryKey: ['applications', 'list'] })
  }
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete ${application.name}?`}
      verb={`Delete application ${application.name}`}
      typed={typed}
      busy={busy || uses.isLoading}
      failure={failure}
      onConfirm={destroy}
      instead={
        disable && (
          <Button
            onClick={async () => {
              await disable()
              onClose()
            }}
          >
            Disable instead
          </Button>
        )
      }
    >
      <p>It is gone for good with all its credentials, and every token that it has stops working at once, on every node.</p>
      {total !== undefined && <p>{total === 0 ? 'It was not used in the last 7 days.' : `It was used ${total === 1 ? 'once' : `${total.toLocaleString('en')} times`} in the last 7 days.`}</p>}
      {application.kind === 'worker' && <Banner kind="warn" title="It is a worker: whatever administers Counterfoil with it stops." />}
    </Confirm>
  )
}
