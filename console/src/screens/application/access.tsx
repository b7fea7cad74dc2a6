import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { DialogButtons } from '../../ui/dialog'
import { Form } from '../../ui/field'
import { Section } from '../../ui/page'
import { arg } from '../../ui/shell'
import { ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { ScopePicker } from '../parts/scopepicker'
import { Editing } from './editing'
import { Explain } from './explain'
import { ApplicationPage, type Held, readApplication } from './page'
import { Roles } from './roles'

/** What an application may do: scopes of APIs, and for a worker its roles over what Counterfoil keeps. */
export const ApplicationAccess = () => (
  <ApplicationPage>
    {(application, held) => (
      <>
        <Editing held={held}>{(began, saved) => <Scopes began={began} onSaved={saved} />}</Editing>
        {application.kind === 'worker' && <Roles application={application} />}
        <Explain application={application} />
      </>
    )}
  </ApplicationPage>
)

const fixed = (kind: Application['kind']) => kind === 'global' || kind === 'exchange' || kind === 'connection'

function Scopes({ began, onSaved }: { began: Held; onSaved: (said: string) => Promise<void> }) {
  const application = began.data
  const may = useMay()
  const [scopes, setScopes] = useState(application.scopes)
  const added = scopes.filter((s) => !application.scopes.includes(s))
  const removed = application.scopes.filter((s) => !scopes.includes(s))
  const change = useChange({
    began,
    read: () => readApplication(application.client_id),
    write: (tag) => ask(api.PATCH('/applications/{application}', { params: { path: { application: application.client_id }, header: { 'If-Match': tag } }, body: { scopes } })),
  })
  const done = (changed?: Application) => changed && onSaved(removed.length > 0 ? 'Saved. What was taken away is gone from its live tokens, too.' : 'Saved. Its next token may ask for it.')
  const mayChange = may('applications:write') && !fixed(application.kind)
  const flags = [...added.map((s) => ` --add-scope ${arg(s)}`), ...removed.map((s) => ` --remove-scope ${arg(s)}`)].join('')
  return (
    <Section title="APIs and scopes" lead={application.kind === 'worker' ? 'What its tokens may have at most. What it may do with Counterfoil itself comes from its roles, below.' : 'What its tokens may have at most. A credential can be narrowed further. Roles over an organization, an environment or a population are for workers.'}>
      <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
        <ScopePicker label="Scopes" value={scopes} onChange={setScopes} management={application.kind !== 'worker'} disabled={!mayChange} />
        <Change added={added} removed={removed} />
        <Conflict began={change.base.data} theirs={change.theirs?.data} mine={{ scopes }} names={{ scopes: 'Scopes', name: 'Name', description: 'Description', enabled: 'Enabled' }} onKeep={async () => done(await change.keepMine())} onTake={() => setScopes(change.useTheirs()?.scopes ?? [])} />
        <FailureBanner failure={change.failure} known={['scopes']} />
        {mayChange && (
          <>
            <ShowAs
              asked={{
                method: 'PATCH',
                path: `/applications/${application.client_id}`,
                body: { scopes },
                cli: `app edit ${application.client_id}${flags}`,
                go: ['UpdateApplication', application.client_id],
              }}
            />
            <DialogButtons>
              <Button type="submit" look="primary" busy={change.busy} disabled={added.length + removed.length === 0}>
                Save scopes
              </Button>
            </DialogButtons>
          </>
        )}
      </Form>
    </Section>
  )
}

function Change({ added, removed }: { added: string[]; removed: string[] }) {
  if (added.length + removed.length === 0) return null
  return (
    <Banner kind={removed.length > 0 ? 'warn' : 'info'} title="Not saved yet">
      {added.length > 0 && (
        <p>
          Given: <ins>{added.join(', ')}</ins>
        </p>
      )}
      {removed.length > 0 && (
        <p>
          Taken, from live tokens too: <del>{removed.join(', ')}</del>
        </p>
      )}
    </Banner>
  )
}
