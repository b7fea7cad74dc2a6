import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Delivery, Webhook } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { useFilters } from '../../ui/address'
import { announce } from '../../ui/announce'
import { StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Choices, Form, Select, TextField } from '../../ui/field'
import { Section } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'

const states = [
  ['', 'All'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
  ['dead', 'Given up'],
] as const

const numbers = (one: Delivery) => (one.last_event === one.event ? `${one.event}` : `${one.event} to ${one.last_event}`)

/** The messages to a webhook and what became of them. */
export function Deliveries({ one }: { one: Webhook }) {
  const queries = useQueryClient()
  const may = useMay()
  const [filters, setFilters] = useFilters()
  const [replaying, setReplaying] = useState(false)
  const [said, setSaid] = useState('')
  const state = states.find(([value]) => value && value === filters.state)?.[0] || undefined
  const query = useInfiniteQuery({
    queryKey: ['deliveries', one.id, state],
    queryFn: ({ pageParam }) => ask(api.GET('/webhooks/{webhook}/deliveries', { params: { path: { webhook: one.id }, query: { state: state as Delivery['state'], cursor: pageParam } } })),
    ...paged,
    refetchInterval: ({ state: now }) => (now.data?.pages[0]?.items.some((each) => each.state === 'pending') ? 2_000 : false), // an attempt is no event of the ledger
  })
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['deliveries'] })
    void queries.invalidateQueries({ queryKey: ['webhooks'] })
  }
  const again = useAction((_, delivery: Delivery) => ask(api.POST('/webhooks/{webhook}/replay', { params: { path: { webhook: one.id } }, body: { delivery: delivery.event } })))
  const mayReplay = may('webhooks:write') && may('ledger:read')
  const columns: Column<Delivery>[] = [
    {
      name: 'Event',
      always: true,
      cell: (each) => (
        <>
          <code className="font-mono break-all">{each.kind}</code>
          <span className="block text-sm text-soft">
            Number {numbers(each)}
            {each.events > 1 && `, ${each.events} events`}
          </span>
        </>
      ),
    },
    {
      name: 'State',
      always: true,
      cell: (each) => (
        <>
          <StateBadge state={each.state} />
          {each.state === 'pending' && each.next_at && (
            <span className="block text-sm text-soft">
              Next <Time at={each.next_at} />
            </span>
          )}
        </>
      ),
    },
    {
      name: 'Last answer',
      cell: (each) => (
        <>
          {each.status && <span className="tabular-nums">{each.status}</span>}
          {each.answer && <span className="block max-w-prose text-sm break-words text-soft">{each.answer}</span>}
          {!each.status && !each.answer && <span className="text-soft">–</span>}
        </>
      ),
    },
    { name: 'Attempts', end: true, cell: (each) => <span className="tabular-nums">{each.attempts}</span> },
    { name: 'Tried', cell: (each) => <Time at={each.tried_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (each) =>
        mayReplay &&
        each.state !== 'pending' && (
          <Button
            aria-label={`Replay event ${each.event}`}
            onClick={async () => {
              if (await again.run(each)) tell(`Event ${numbers(each)} is sent again, under its former id.`)
            }}
          >
            Replay
          </Button>
        ),
    },
  ]
  return (
    <Section title="Deliveries" lead="The newest first. What arrived is kept for a while; what was given up can be replayed." actions={mayReplay && <Button onClick={() => setReplaying(true)}>Replay …</Button>}>
      <div className="mb-4 space-y-3">
        <Select label="State" className="max-w-48" value={state ?? ''} onChange={(e) => setFilters({ state: e.target.value })} options={states} />
        {said && <Banner kind="good" title={said} />}
        <FailureBanner failure={again.failure} />
      </div>
      <List query={query} columns={columns} rowKey={(each) => String(each.event)} caption="Deliveries" empty={state ? <p>No message is {states.find(([value]) => value === state)![1].toLowerCase()}.</p> : <p>Nothing has been sent yet. “Send a test” sends something.</p>} />
      {replaying && (
        <Replay
          one={one}
          onClose={(text) => {
            setReplaying(false)
            if (text) tell(text)
          }}
        />
      )}
    </Section>
  )
}

/** Sends several messages again. */
function Replay({ one, onClose }: { one: Webhook; onClose: (said?: string) => void }) {
  const [which, setWhich] = useState<'dead' | 'since'>('dead')
  const [since, setSince] = useState('')
  const body = which === 'dead' ? { dead: true } : { since: Number(since) }
  const { run, busy, failure } = useAction(() => ask(api.POST('/webhooks/{webhook}/replay', { params: { path: { webhook: one.id } }, body })))
  return (
    <Dialog open title="Replay messages" onClose={() => onClose()}>
      <Form
        failure={failure}
        onSubmit={async () => {
          if (await run()) onClose('They are sent again, each under its former id, so that a receiver knows those it has.')
        }}
      >
        <Choices
          label="Which"
          value={which}
          onChange={setWhich}
          options={[
            { value: 'dead', label: 'Every message that was given up' },
            { value: 'since', label: 'Every event from a number on', hint: 'Of the kinds that the webhook hears of, delivered or not.' },
          ]}
        />
        {which === 'since' && <TextField name="since" label="From event" inputMode="numeric" value={since} onChange={(e) => setSince(e.target.value.replace(/\D/g, ''))} />}
        <FailureBanner failure={failure} known={['since']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/webhooks/${one.id}/replay`,
            body,
            cli: `webhook replay ${one.id} ${which === 'dead' ? '--dead' : `--since ${since || 'NUMBER'}`}`,
            go: ['ReplayWebhook', one.id],
          }}
        />
        <DialogButtons>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={which === 'since' && !since}>
            {which === 'dead' ? 'Replay what was given up' : `Replay from event ${since || '…'}`}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
