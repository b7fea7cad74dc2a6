import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Global } from '../../api/schema'
import { useMay, useSession } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { StateBadge } from '../../ui/badge'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button, ButtonLink } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Checkbox, Form, TextField } from '../../ui/field'
import { Fact, Facts, Section, Waiting } from '../../ui/page'
import { type Asked, hidden, ShowAs } from '../../ui/showas'
import { Time } from '../../ui/time'
import { Reveal } from '../parts/reveal'
import { reached } from '../parts/warning'
import { Head } from './tabs'

/** The credential that the environment was born with. Its id never changes; its secret is chosen here. */
export function GlobalCredentials() {
  const may = useMay()
  const { administrator } = useSession()
  const [editing, setEditing] = useState(false)
  const [said, setSaid] = useState('')
  const { data: global, error, isPending } = useQuery({ queryKey: ['global'], queryFn: () => ask(api.GET('/global-credential')) })
  return (
    <>
      <Head />
      {isPending && <Waiting />}
      {error && <FailureBanner failure={failureOf(error)} />}
      {global && (
        <div className="space-y-6">
          <Banner kind={global.has_secret ? 'warn' : 'info'} title={global.has_secret ? 'One secret for everything' : 'This way is being given up'}>
            <p>{sentence(global.advice)}</p>
            <div className="mt-2 flex flex-wrap gap-2">
              <ButtonLink to="/integration/applications">Application credentials</ButtonLink>
              <ButtonLink to="/integration/connections">Connection API credentials</ButtonLink>
            </div>
          </Banner>
          {said && <Banner kind="good" title={said} />}
          <Section
            title="Global REST API client credentials"
            actions={
              administrator &&
              may('credentials:write') &&
              !editing && (
                <Button data-key="c" onClick={() => setEditing(true)}>
                  Edit
                </Button>
              )
            }
          >
            <Facts>
              <Fact name="REST API Client ID">
                <Copied text={global.client_id} what="the client ID" />
              </Fact>
              {!editing && (
                <>
                  <Fact name="REST API Client Secret">
                    {global.has_secret ? <Reveal clientId={global.client_id} secretId={global.secret_id} hint={global.hint} viewable={global.viewable} why={global.why_hidden} /> : <span className="text-soft">Not set: it opens nothing.</span>}
                  </Fact>
                  <Fact name="State">
                    <StateBadge state={global.enabled ? 'enabled' : 'disabled'} />
                  </Fact>
                  <Fact name="Last used">
                    <Time at={global.last_used_at} never="Not in the last 90 days" />
                  </Fact>
                </>
              )}
            </Facts>
            {editing && (
              <Edit
                global={global}
                onDone={(text) => {
                  setEditing(false)
                  setSaid(text)
                  if (text) announce(text)
                }}
              />
            )}
          </Section>
          <Section title="How it is used">
            <p className="mb-2">HTTP Basic authentication with the two values, in Base64 after a colon between them. With curl:</p>
            <code className="font-mono text-sm break-all">curl --user "{global.client_id}:$CLIENT_SECRET" …</code>
          </Section>
        </div>
      )}
    </>
  )
}

function Edit({ global, onDone }: { global: Global; onDone: (said: string) => void }) {
  const queries = useQueryClient()
  const [secret, setSecret] = useState('')
  const [enabled, setEnabled] = useState(global.enabled)
  const save = useAction(async () => {
    let propagated = true
    if (secret) await ask(api.PUT('/global-credential/secret', { body: { secret } }))
    if (enabled !== global.enabled) ({ propagated } = await ask(enabled ? api.POST('/global-credential/enable') : api.POST('/global-credential/disable')))
    return propagated
  })
  const verb = enabled ? 'enable' : 'disable'
  const setting: Asked = { method: 'PUT', path: '/global-credential/secret', body: { secret: hidden }, cli: 'global set-secret < secret.txt', go: 'global, err := c.SetGlobalSecret(ctx, client.NewSecret(os.Getenv("SECRET")), nil)' }
  const switching: Asked = { method: 'POST', path: `/global-credential/${verb}`, cli: `global ${verb}`, go: `answer, err := c.${enabled ? 'Enable' : 'Disable'}GlobalCredential(ctx)` }
  const asked = [...(secret ? [setting] : []), ...(enabled !== global.enabled ? [switching] : [])]
  const submit = async () => {
    const propagated = await save.run()
    void queries.invalidateQueries({ queryKey: ['global'] })
    if (propagated === undefined) return
    onDone([secret && 'The secret is set; the old one and its tokens are dead.', enabled !== global.enabled && (enabled ? 'Enabled.' : `Disabled: it opens nothing any more. ${reached(propagated)}`)].filter(Boolean).join(' '))
  }
  return (
    <div className="mt-5">
      <Form failure={save.failure} onSubmit={submit}>
        <TextField
          name="secret"
          type="password"
          autoComplete="new-password"
          label="REST API Client Secret"
          hint={global.has_secret ? 'Leave it empty to keep the one there is. A new one ends the old one at once.' : 'Of your choice, as strong as the policy asks for.'}
          value={secret}
          onChange={(e) => setSecret(e.target.value)}
        />
        <Checkbox label="Enabled" hint="Disabled, it is refused by the connections API and by every exchange." checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />
        <FailureBanner failure={save.failure} known={['secret']} />
        <ShowAs asked={asked.length > 0 ? asked : [setting]} />
        <div className="flex gap-2">
          <Button type="submit" look="primary" busy={save.busy}>
            Save
          </Button>
          <Button onClick={() => onDone('')}>Cancel</Button>
        </div>
      </Form>
    </div>
  )
}
