import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Webhook as One } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm } from '../../ui/dialog'
import { Fact, Facts, PageHeader, Section, Waiting } from '../../ui/page'
import { type Shown, ShowOnce } from '../../ui/secret'
import { Countdown, Time } from '../../ui/time'
import { History } from '../parts/history'
import { KeepSecure, reached } from '../parts/warning'
import { Deliveries } from './deliveries'
import { EditWebhook } from './edit'
import { kindWords } from './kinds'
import { signing } from './secret'
import { WebhookState } from './state'

/** One webhook: whether it sends, what became of its messages, and what can be done about it. */
export function Webhook() {
  const { webhook: id } = useParams({ strict: false }) as { webhook: string }
  const { data: one, error } = useQuery({ queryKey: ['webhooks', 'one', id], queryFn: () => ask(api.GET('/webhooks/{webhook}', { params: { path: { webhook: id } } })) })
  if (one) return <Whole one={one} />
  return (
    <>
      <PageHeader title="Webhook" />
      {error ? <FailureBanner failure={failureOf(error)} /> : <Waiting lines={8} />}
    </>
  )
}

function Whole({ one }: { one: One }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const [open, setOpen] = useState<'edit' | 'delete' | 'rotate'>()
  const [said, setSaid] = useState('')
  const [shown, setShown] = useState<Shown>()
  const at = { params: { path: { webhook: one.id } } }
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['webhooks'] })
    void queries.invalidateQueries({ queryKey: ['deliveries'] })
  }
  const test = useAction(() => ask(api.POST('/webhooks/{webhook}/test', at)))
  const disable = useAction(() => ask(api.POST('/webhooks/{webhook}/disable', at)))
  const enable = useAction(() => ask(api.POST('/webhooks/{webhook}/enable', at)))
  const rotate = useAction(() => ask(api.POST('/webhooks/{webhook}/rotate', at)))
  const remove = useAction(() => ask(api.DELETE('/webhooks/{webhook}', at)))
  const off = async () => {
    const done = await disable.run()
    setOpen(undefined)
    if (done) tell(`Disabled. Events wait for it. ${reached(done.propagated)}`)
  }
  const on = async () => {
    if (await enable.run()) tell('Enabled. It goes on where it was disabled.')
  }
  const mayWrite = may('webhooks:write')
  const maySend = mayWrite && may('ledger:read')
  if (shown) {
    return (
      <ShowOnce shown={shown} onDone={() => setShown(undefined)}>
        <p>For a day the former secret signs, too: give the receiver the new one by then.</p>
        <KeepSecure />
      </ShowOnce>
    )
  }
  return (
    <>
      <PageHeader
        title={<span className="break-all">{one.url}</span>}
        name="Webhook"
        lead={one.description}
        badges={<WebhookState one={one} />}
        actions={
          <>
            {mayWrite && one.enabled && (
              <Button
                busy={test.busy}
                onClick={async () => {
                  if (await test.run()) tell('A test is on its way: see below what becomes of it.')
                }}
              >
                Send a test
              </Button>
            )}
            {maySend && <Button onClick={() => setOpen('edit')}>Edit</Button>}
            {mayWrite && one.enabled && (
              <Button look="danger" busy={disable.busy} onClick={off}>
                Disable
              </Button>
            )}
            {maySend && !one.enabled && (
              <Button look="primary" busy={enable.busy} onClick={on}>
                Enable
              </Button>
            )}
          </>
        }
      />
      <div className="mb-6 space-y-3 empty:hidden">
        {said && <Banner kind="good" title={said}>{!one.enabled && maySend && <Button onClick={on}>Undo: enable it again</Button>}</Banner>}
        {!one.enabled && one.reason && (
          <Banner kind="wrong" title="Counterfoil disabled it by itself">
            <p>{sentence(one.reason)}</p>
          </Banner>
        )}
        {one.enabled && one.failures > 0 && (
          <Banner kind="warn" title={`${one.failures} ${one.failures === 1 ? 'attempt' : 'attempts'} in a row failed`}>
            {one.paused_until && Date.parse(one.paused_until) > Date.now() ? (
              <p>
                Nothing is sent for another <Countdown to={one.paused_until} />. Events wait meanwhile.
              </p>
            ) : (
              <p>Each message is tried again by itself, at growing distances.</p>
            )}
          </Banner>
        )}
        <FailureBanner failure={test.failure ?? disable.failure ?? enable.failure} />
      </div>
      <Section title="What it is">
        <Facts>
          <Fact name="Webhook ID">
            <Copied text={one.id} what="the webhook ID" />
          </Fact>
          <Fact name="Hears of">{kindWords(one.kinds)}</Fact>
          <Fact name="Read up to">Event {one.position}</Fact>
          <Fact name="Signing secret">
            <span className="mr-2 text-soft">Shown once, when it was made.</span>
            {maySend && <Button onClick={() => setOpen('rotate')}>Rotate signing secret</Button>}
          </Fact>
          <Fact name="Made">
            <Time at={one.created_at} /> by <code className="font-mono break-all">{one.created_by}</code>
          </Fact>
          <Fact name="Changed">
            <Time at={one.updated_at} />
          </Fact>
        </Facts>
      </Section>
      <Deliveries one={one} />
      {may('ledger:read') && (
        <Section title="History">
          <History of={{ subject: one.id }} caption="What happened to the webhook" />
        </Section>
      )}
      {mayWrite && (
        <Section danger title="Delete" lead="The webhook goes, with every message that has not arrived.">
          <Button look="danger" onClick={() => setOpen('delete')}>
            Delete webhook
          </Button>
        </Section>
      )}
      {open === 'edit' && (
        <EditWebhook
          one={one}
          onClose={(text) => {
            setOpen(undefined)
            if (text) tell(text)
          }}
        />
      )}
      <Confirm
        open={open === 'rotate'}
        onClose={() => setOpen(undefined)}
        title="Rotate the signing secret?"
        verb="Rotate signing secret"
        danger={false}
        busy={rotate.busy}
        failure={rotate.failure}
        onConfirm={async () => {
          const after = await rotate.run()
          if (!after) return
          setOpen(undefined)
          tell('There is a new signing secret.')
          setShown(signing(after, 'The new signing secret'))
        }}
      >
        <p>The new one is shown once. For a day each message carries both signatures, so that the receiver can change over without losing any.</p>
      </Confirm>
      <Confirm
        open={open === 'delete'}
        onClose={() => setOpen(undefined)}
        title="Delete this webhook?"
        verb={`Delete webhook ${new URL(one.url).host}`}
        busy={remove.busy}
        failure={remove.failure}
        instead={one.enabled && <Button onClick={off}>Disable instead</Button>}
        onConfirm={async () => {
          if (!(await remove.run())) return
          announce('The webhook is deleted')
          await navigate({ to: '/webhooks' })
          queries.removeQueries({ queryKey: ['webhooks', 'one', one.id] })
          void queries.invalidateQueries({ queryKey: ['webhooks'] })
        }}
      >
        <p>
          <code className="font-mono break-all">{one.url}</code> hears of nothing any more, and what has not arrived never will. Its signing secret is destroyed.
        </p>
      </Confirm>
    </>
  )
}
