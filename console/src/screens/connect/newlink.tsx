import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Connection, ConnectSession, NewConnectSession } from '../../api/schema'
import { useAction } from '../../ui/action'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copy } from '../../ui/copy'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, Group, Select, TextArea, TextField } from '../../ui/field'
import { ShowAs } from '../../ui/showas'
import { Countdown, when } from '../../ui/time'
import { NoConnector, useConnectors } from './choice'
import { flags, linesOf, pairsOf, tagText } from './words'
import { arg } from '../../ui/shell'

const spans = [
  ['1800', 'Half an hour', ''],
  ['3600', 'An hour', '1h'],
  ['86400', 'A day', '24h'],
  ['259200', 'Three days', '72h'],
  ['604800', 'Seven days', '168h'],
] as const

const languages = [
  ['', "The browser's"],
  ['en', 'English'],
  ['de', 'Deutsch'],
  ['fr', 'Français'],
  ['es', 'Español'],
  ['ja', '日本語'],
] as const

/** Makes a link, for a new connection or to connect one again, and shows it once. */
export function NewLink({ again, onClose }: { again?: Connection; onClose: () => void }) {
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<readonly string[]>()
  const [text, setText] = useState({ user: '', person: '', organization: '', email: '', name: '', tags: '', origins: '', back: '' })
  const [span, setSpan] = useState('1800')
  const [language, setLanguage] = useState('')
  const [made, setMade] = useState<ConnectSession>()
  const connectors = useConnectors(!again)
  const { usable } = connectors
  const picked = chosen ?? (usable.length === 1 ? [usable[0]!.name] : [])
  const type = (field: keyof typeof text) => ({ value: text[field], onChange: (e: { target: { value: string } }) => setText({ ...text, [field]: e.target.value }) })
  const end_user = { ...(text.user && { id: text.user }), ...(text.person && { display_name: text.person }), ...(text.organization && { organization_id: text.organization }), ...(text.email && { email: text.email }) }
  const tags = pairsOf(text.tags)
  const body: NewConnectSession = {
    ...(again ? { connection: again.id } : { connectors: [...picked] }),
    ...(Object.keys(end_user).length > 0 && { end_user }),
    ...(text.name && { name: text.name }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(linesOf(text.origins).length > 0 && { origins: linesOf(text.origins) }),
    ...(text.back && { return_to: text.back }),
    ...(language && { language: language as 'en' }),
    expires_in: Number(span),
  }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/connect/sessions', { params: { header: { 'Idempotency-Key': key } }, body })))
  const save = async () => {
    const session = await run()
    if (session) setMade(session)
    void queries.invalidateQueries({ queryKey: ['connect-sessions'] })
  }
  if (made) return <Shown made={made} onClose={onClose} />
  const expires = spans.find(([seconds]) => seconds === span)?.[2]
  const cli = [
    again ? `connect link --reconnect ${again.id}` : `connect link ${picked.map(arg).join(' ') || 'CONNECTOR'}`,
    text.user && ` --end-user ${arg(text.user)}`,
    text.person && ` --display-name ${arg(text.person)}`,
    text.organization && ` --organization ${arg(text.organization)}`,
    text.email && ` --email ${arg(text.email)}`,
    text.name && ` --name ${arg(text.name)}`,
    flags('tag', tagText(tags)),
    flags('origin', linesOf(text.origins)),
    text.back && ` --return-to ${arg(text.back)}`,
    language && ` --language ${language}`,
    expires && ` --expires ${expires}`,
  ]
  return (
    <Dialog open wide title={again ? `Connect ${again.name || again.id} again` : 'New link'} onClose={onClose}>
      <Form failure={failure} onSubmit={save}>
        {again ? (
          <p className="text-soft">The connection keeps its id, its tags and its callers. What was entered stands there already; secrets are asked for.</p>
        ) : (
          <Group name="connectors" label="What may be connected" hint="With one, its form comes first; with several, the customer chooses.">
            {usable.map((one) => (
              <Checkbox key={one.id} label={one.title} checked={picked.includes(one.name)} onChange={(e) => setChosen(e.target.checked ? [...picked, one.name] : picked.filter((name) => name !== one.name))} />
            ))}
            {connectors.isSuccess && usable.length === 0 && <NoConnector />}
          </Group>
        )}
        <Select name="expires_in" label="How long it works" value={span} onChange={(e) => setSpan(e.target.value)} options={spans.map(([seconds, words]) => [seconds, words] as const)} />
        {!again && (
          <div className="grid gap-5 sm:grid-cols-2">
            <TextField name="end_user.id" label="End user" optional hint="What you call the customer." {...type('user')} />
            <TextField name="end_user.display_name" label="Their name" optional hint="The page says it." {...type('person')} />
            <TextField name="end_user.organization_id" label="Organization" optional {...type('organization')} />
            <TextField name="end_user.email" label="Their e-mail address" type="email" optional {...type('email')} />
          </div>
        )}
        <details className="rounded-lg border border-line">
          <summary className="cursor-pointer px-4 py-2 font-semibold">More</summary>
          <div className="space-y-5 px-4 pb-4">
            {!again && (
              <>
                <TextField name="name" label="Name of the connection" optional {...type('name')} />
                <TextArea name="tags" label="Tags" optional hint="One a line, as name=value." mono {...type('tags')} />
              </>
            )}
            <TextArea name="origins" label="Sites that may show the page in a frame" optional hint="One a line, such as https://app.example." mono {...type('origins')} />
            <TextField name="return_to" label="Where the page leads in the end" optional hint="On one of the sites that are allowed." {...type('back')} />
            <Select name="language" label="Language of the page" value={language} onChange={(e) => setLanguage(e.target.value)} options={languages} />
          </div>
        </details>
        <FailureBanner failure={failure} known={['connectors', 'expires_in', 'name', 'tags', 'origins', 'return_to', 'language', 'end_user.id', 'end_user.display_name', 'end_user.organization_id', 'end_user.email']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: '/connect/sessions',
            body,
            cli: cli.filter(Boolean).join(''),
            go: ['CreateConnectSession'],
          }}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Make link
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

/** The link, in the state of this dialog only: it is as much worth as a credential until it is used. */
function Shown({ made, onClose }: { made: ConnectSession; onClose: () => void }) {
  return (
    <Dialog open wide title="The link" onClose={onClose}>
      <div className="space-y-4">
        <Banner kind="warn" title="This is the only time that it is shown">
          <p>Whoever has it may use it, once. Send it to the customer and to nobody else.</p>
        </Banner>
        {made.url && (
          <p className="flex flex-wrap items-center gap-2">
            <code data-secret className="min-w-0 rounded bg-paper px-2 py-1 font-mono break-all">
              {made.url}
            </code>
            <Copy text={made.url} what="the link" />
          </p>
        )}
        {!made.url && <p>It was made already, and shown then. End it in the list and make another.</p>}
        <p>
          It works for another <Countdown to={made.expires_at} />, until {when(made.expires_at)}.
        </p>
        {(made.warnings ?? []).map((warning) => (
          <Banner key={warning} kind="warn" title={warning} />
        ))}
        <DialogButtons>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </DialogButtons>
      </div>
    </Dialog>
  )
}
