import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Connection as One, GoneBody, Trying } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button, ButtonLink } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { PageHeader, Section, Waiting } from '../../ui/page'
import { Fact, Facts } from '../../ui/page'
import { Time } from '../../ui/time'
import { History } from '../parts/history'
import { reached } from '../parts/warning'
import { Callers, Use } from './callers'
import { DeleteConnection } from './deletion'
import { EditConnection } from './edit'
import { NewLink } from './newlink'
import { ConnectionState } from './state'
import { TrialSteps } from './trial'
import { Values } from './values'
import { outlook, stageWords, tagText, whose } from './words'

const outcomes: Record<GoneBody['revocation'], string> = {
  none: 'There was no token to revoke, or the provider has no way to do it.',
  revoked: 'The provider revoked its token.',
  failed: 'The provider did not revoke its token, which works there until it ends by itself.',
}

/** One connection: how it fares, and what can be done about it. */
export function Connection() {
  const { connection: id } = useParams({ strict: false }) as { connection: string }
  const [gone, setGone] = useState<GoneBody & { name: string }>()
  const { data: one, error } = useQuery({
    queryKey: ['connections', 'one', id],
    queryFn: () => ask(api.GET('/connect/connections/{connection}', { params: { path: { connection: id } } })),
    enabled: !gone,
  })
  if (gone) {
    return (
      <>
        <PageHeader title={`${gone.name} is deleted`} />
        <div className="space-y-4">
          <Banner kind={gone.revocation === 'failed' ? 'warn' : 'good'} title={outcomes[gone.revocation]}>
            {gone.reason && <p>{sentence(gone.reason)}</p>}
            <p>Its secrets are destroyed here. {reached(gone.propagated)}</p>
          </Banner>
          <ButtonLink to="/connect/connections">To the connections</ButtonLink>
        </div>
      </>
    )
  }
  if (error && !one) {
    return (
      <>
        <PageHeader title="Connection" />
        <FailureBanner failure={failureOf(error)} />
      </>
    )
  }
  if (!one) {
    return (
      <>
        <PageHeader title="Connection" />
        <Waiting lines={8} />
      </>
    )
  }
  return <Whole one={one} onGone={(answer) => setGone({ ...answer, name: one.name || one.id })} />
}

function Whole({ one, onGone }: { one: One; onGone: (answer: GoneBody) => void }) {
  const queries = useQueryClient()
  const may = useMay()
  const [open, setOpen] = useState<'edit' | 'delete' | 'link'>()
  const [said, setSaid] = useState('')
  const [trial, setTrial] = useState<Trying>()
  const at = { params: { path: { connection: one.id } } }
  const name = one.name || one.id
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['connections'] })
    void queries.invalidateQueries({ queryKey: ['overview'] })
  }
  const test = useAction(() => ask(api.POST('/connect/connections/{connection}/test', at)))
  const refresh = useAction(() => ask(api.POST('/connect/connections/{connection}/refresh', at)))
  const disable = useAction(() => ask(api.POST('/connect/connections/{connection}/disable', at)))
  const enable = useAction(() => ask(api.POST('/connect/connections/{connection}/enable', at)))
  const check = async () => {
    setTrial(undefined)
    const answer = await test.run()
    if (!answer) return
    setTrial(answer)
    announce(answer.works ? 'It works' : 'It does not work')
  }
  const renew = async () => {
    setSaid('')
    setTrial(undefined)
    const after = await refresh.run()
    if (after?.state === 'healthy') tell('It has a token that is valid now.')
    else void queries.invalidateQueries({ queryKey: ['connections'] }) // the reason stands above, with the step
  }
  const off = async () => {
    const done = await disable.run()
    if (done) tell(`Switched off. No token of it is handed out and no request passed on. ${reached(done.propagated)}`)
    setOpen(undefined)
  }
  const on = async () => {
    const done = await enable.run()
    if (done) tell(`Switched on. ${reached(done.propagated)}`)
  }
  const mayChange = may('connections:write')
  return (
    <>
      <PageHeader
        title={name}
        lead={whose(one)}
        badges={<ConnectionState one={one} />}
        actions={
          mayChange && (
            <>
              <Button onClick={() => setOpen('link')}>Connect again</Button>
              <Button onClick={() => setOpen('edit')}>Edit</Button>
              {one.enabled ? (
                <Button look="danger" busy={disable.busy} onClick={off}>
                  Switch off
                </Button>
              ) : (
                <Button look="primary" busy={enable.busy} onClick={on}>
                  Switch on
                </Button>
              )}
            </>
          )
        }
      />
      <div className="mb-6 space-y-3 empty:hidden">
        {said && <Banner kind="good" title={said}>{!one.enabled && mayChange && <Button onClick={on}>Undo: switch it on again</Button>}</Banner>}
        {one.state !== 'healthy' && (
          <Banner kind="wrong" title={one.reason ? sentence(one.reason) : 'It does not work.'}>
            <p>
              {one.stage && `What fails: ${stageWords(one.stage)}`}
              {one.failing_since && (
                <>
                  , since <Time at={one.failing_since} />
                </>
              )}
              {(one.stage || one.failing_since) && '. '}
              {outlook[one.state]}
            </p>
          </Banner>
        )}
        {one.state === 'healthy' && one.warning && <Banner kind="warn" title={sentence(one.warning)} />}
        <FailureBanner failure={disable.failure ?? enable.failure} />
      </div>
      <Section
        title="Health"
        actions={
          mayChange && (
            <>
              <Button busy={test.busy} onClick={check}>
                Test
              </Button>
              <Button busy={refresh.busy} onClick={renew}>
                Refresh now
              </Button>
            </>
          )
        }
      >
        <Facts>
          <Fact name="Token fetched">
            <Time at={one.token_fetched_at} />
          </Fact>
          <Fact name="Token ends">
            <Time at={one.token_expires_at} never={one.token_fetched_at ? 'Not by itself' : 'There is none'} />
          </Fact>
          <Fact name="Last used">
            <Time at={one.last_used_at} />
          </Fact>
        </Facts>
        <div className="mt-4 space-y-3 empty:hidden">
          <FailureBanner failure={test.failure ?? refresh.failure} />
          {trial && <TrialSteps trial={trial} />}
        </div>
      </Section>
      <Section title="What it is">
        <Facts>
          <Fact name="Connection ID">
            <Copied text={one.id} what="the connection ID" />
          </Fact>
          <Fact name="Connector">
            <Link to="/connect/connections" search={{ connector: one.connector }} className="underline">
              {one.connector}
            </Link>
            {one.provider !== one.connector && ` (${one.provider})`}
          </Fact>
          {Object.entries({ 'End user': one.end_user.id, Name: one.end_user.display_name, 'E-mail address': one.end_user.email, Organization: one.end_user.organization_display_name ?? one.end_user.organization_id }).map(
            ([what, value]) =>
              value && (
                <Fact key={what} name={what}>
                  {value}
                </Fact>
              ),
          )}
          <Fact name="Tags">{tagText(one.tags).join(', ') || <span className="text-soft">None</span>}</Fact>
          <Fact name="Made">
            <Time at={one.created_at} /> by <code className="font-mono break-all">{one.created_by}</code>
          </Fact>
          <Fact name="Changed">
            <Time at={one.updated_at} />
          </Fact>
        </Facts>
      </Section>
      <Values one={one} />
      <Use one={one} />
      <Callers id={one.id} />
      {may('ledger:read') && (
        <Section title="History">
          <History of={{ subject: one.id }} caption={`What happened to ${name}`} />
        </Section>
      )}
      {mayChange && (
        <Section danger title="Delete" lead="The provider is asked to revoke the token first; then the secrets are destroyed here.">
          <Button look="danger" onClick={() => setOpen('delete')}>
            Delete {name}
          </Button>
        </Section>
      )}
      {open === 'link' && <NewLink again={one} onClose={() => setOpen(undefined)} />}
      {open === 'edit' && (
        <EditConnection
          one={one}
          onClose={(text) => {
            setOpen(undefined)
            if (text) tell(text)
          }}
        />
      )}
      {open === 'delete' && <DeleteConnection one={one} onOff={off} onClose={() => setOpen(undefined)} onGone={onGone} />}
    </>
  )
}
