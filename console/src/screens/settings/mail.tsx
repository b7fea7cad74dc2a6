import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Mail, NoticeAddresses } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Form, TextArea } from '../../ui/field'
import { Section, Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { Begun } from '../parts/begun'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

const carriers = {
  smtp: ['good', 'Mails go out by the mail server of the settings.'],
  mailbox: ['info', 'This server is for trying out: mails stay in its own mailbox, which is read at /mailbox on this machine.'],
  none: ['warn', 'No mail is sent: the server has no mail server. Name one in the setting smtp_url.'],
} as const

/** Who is told about credentials that end, and whether the mails arrive. */
export function MailSettings() {
  const { data, error } = useQuery({ queryKey: ['notices', 'addresses'], queryFn: () => ask(api.GET('/notice-addresses')) })
  const mails = useQuery({ queryKey: ['notices', 'mails'], queryFn: () => ask(api.GET('/mails')) })
  const queries = useQueryClient()
  const may = useMay()
  const retry = useAction(() => ask(api.POST('/mails/retry')))
  const [kind, words] = carriers[data?.carrier ?? 'none']
  return (
    <>
      <Head />
      {data && <Banner kind={kind} title={words} />}
      <div className="mt-6" />
      <Section title="Notices" lead="Credentials that end are announced 30, 14, 7 and 1 days before, and on the day.">
        {data ? <Begun held={{ ...data, tag: data.addresses.join() }}>{(began, settle) => <Addresses now={began} onSaved={settle} />}</Begun> : <Waiting error={error} />}
      </Section>
      {(mails.data?.items.length ?? 0) > 0 && (
        <Section
          title="Mails"
          actions={
            may('webhooks:write') && (
              <Button
                busy={retry.busy}
                onClick={async () => {
                  const done = await retry.run()
                  if (done) announce(`${done.retried} mails are tried again`)
                  void queries.invalidateQueries({ queryKey: ['notices'] })
                }}
              >
                Try those given up again
              </Button>
            )
          }
        >
          <Table<Mail>
            rows={mails.data?.items ?? []}
            rowKey={(m) => `${m.address} ${m.last_event} ${m.queued_at}`}
            caption="Mails about what expires"
            columns={[
              { name: 'To', always: true, cell: (m) => m.address },
              { name: 'State', always: true, cell: (m) => <Badge kind={m.state === 'sent' ? 'good' : m.state === 'dead' ? 'wrong' : 'plain'}>{{ sent: 'Sent', dead: 'Given up', pending: 'Pending' }[m.state]}</Badge> },
              { name: 'Attempts', end: true, cell: (m) => m.attempts },
              { name: 'Problem', cell: (m) => m.problem ?? '–' },
              { name: 'Since', cell: (m) => <Time at={m.queued_at} /> },
            ]}
          />
        </Section>
      )}
    </>
  )
}

function Addresses({ now, onSaved }: { now: NoticeAddresses; onSaved: () => void }) {
  const queries = useQueryClient()
  const may = useMay()
  const [text, setText] = useState(now.addresses.join('\n'))
  const addresses = text.split(/[\s,;]+/).filter(Boolean)
  const { run, busy, failure } = useAction(() => ask(api.PUT('/notice-addresses', { body: { addresses } })))
  return (
    <Form
      failure={failure}
      onSubmit={async () => {
        if (!(await run())) return
        announce('The addresses are saved')
        onSaved()
        void queries.invalidateQueries({ queryKey: ['notices'] })
      }}
    >
      <TextArea name="addresses" label="Addresses" hint="One in each line. None: nobody gets mail." value={text} onChange={(e) => setText(e.target.value)} className="max-w-xl" />
      <FailureBanner failure={failure} known={['addresses']} />
      <ShowAs asked={{ method: 'PUT', path: '/notice-addresses', body: { addresses }, cli: `notice address set ${addresses.map(arg).join(' ')}`, go: `set, err := c.SetNoticeAddresses(ctx, []string{${addresses.map((one) => JSON.stringify(one)).join(', ')}})` }} />
      {may('webhooks:write') && (
        <Button type="submit" look="primary" busy={busy}>
          Save addresses
        </Button>
      )}
    </Form>
  )
}
