import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application, ApplicationChange } from '../../api/schema'
import { useMay } from '../../api/session'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, Group, TextArea, TextField } from '../../ui/field'
import { Section } from '../../ui/page'
import { arg } from '../../ui/shell'
import { ShowAs } from '../../ui/showas'
import { Conflict, useChange } from '../parts/conflict'
import { useAPIs } from '../parts/scopepicker'
import { type Held, readApplication } from './page'

type Method = Application['auth_methods'][number]

const methods: readonly [Method, string, string][] = [
  ['client_secret_basic', 'Client secret basic', 'The secret in the Authorization header (RFC 6749 §2.3.1).'],
  ['client_secret_post', 'Client secret post', 'The secret in the body of the request.'],
  ['client_secret_jwt', 'Client secret JWT', 'A JWT that is signed with the secret (RFC 7523).'],
  ['private_key_jwt', 'Private key JWT', 'A JWT that is signed with a key of its own (RFC 7523).'],
  ['tls_client_auth', 'TLS, by an authority', 'A certificate of a known authority (RFC 8705 §2.1).'],
  ['self_signed_tls_client_auth', 'TLS, by itself', 'A certificate that is known by itself (RFC 8705 §2.2).'],
  ['federated_jwt', 'Federated trust', 'A token of another issuer.'],
]

const names: Partial<Record<keyof Application, string>> = {
  name: 'Name',
  description: 'Description',
  enabled: 'Enabled',
  auth_methods: 'Authentication methods',
  token_lifetime: 'Token lifetime',
  introspects: 'Introspects',
  legacy_audience: 'Legacy audience',
  home_url: 'Home',
  target_urls: 'Targets',
  allowed_origins: 'Allowed origins',
  scopes: 'Scopes',
}

type Values = Required<Pick<Application, 'name' | 'description' | 'auth_methods' | 'token_lifetime' | 'introspects' | 'legacy_audience' | 'home_url' | 'target_urls' | 'allowed_origins'>>

const valuesOf = (a: Application): Values => ({
  name: a.name,
  description: a.description,
  auth_methods: a.auth_methods,
  token_lifetime: a.token_lifetime,
  introspects: a.introspects,
  legacy_audience: a.legacy_audience,
  home_url: a.home_url,
  target_urls: a.target_urls,
  allowed_origins: a.allowed_origins,
})

/** Only what differs, so that a change of one thing says nothing of the others. */
const difference = (before: Values, now: Values) => Object.fromEntries(Object.entries(now).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof Values]))) as ApplicationChange

/** The form of what can be changed of an application, but for its scopes. */
export function Configuration({ began, onSaved }: { began: Held; onSaved: (said: string) => Promise<void> }) {
  const may = useMay()
  const [values, setValues] = useState(() => valuesOf(began.data))
  const set = (change: Partial<Values>) => setValues((now) => ({ ...now, ...change }))
  const clientId = began.data.client_id
  const body = difference(valuesOf(began.data), values)
  const change = useChange({
    began,
    read: () => readApplication(clientId),
    write: (tag) => ask(api.PATCH('/applications/{application}', { params: { path: { application: clientId }, header: { 'If-Match': tag } }, body })),
  })
  const done = (changed?: Application) => changed && onSaved('Saved.')
  const writes = may('applications:write')
  return (
    <Section title="Configuration">
      <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
        <fieldset disabled={!writes} className="min-w-0 space-y-5">
          <TextField name="name" label="Name" value={values.name} onChange={(e) => set({ name: e.target.value })} required />
          <TextField name="description" label="Description" optional value={values.description} onChange={(e) => set({ description: e.target.value })} />
          <Methods value={values.auth_methods} onChange={(auth_methods) => set({ auth_methods })} />
          <Checkbox label="Assertions may name the token endpoint as their audience" hint="As RFC 7523 once had it. Without this, only the issuer." checked={values.legacy_audience} onChange={(e) => set({ legacy_audience: e.target.checked })} />
          <TextField name="token_lifetime" type="number" min={0} max={86400} label="Token lifetime in seconds" hint="From 60 to 86,400; 0 for as long as the API says. The shorter of the two counts." value={String(values.token_lifetime)} onChange={(e) => set({ token_lifetime: Number(e.target.value) })} className="max-w-xs" />
          <Introspects value={values.introspects} onChange={(introspects) => set({ introspects })} />
          <TextField name="home_url" type="url" label="Home" optional hint="Where people who use it begin." value={values.home_url} onChange={(e) => set({ home_url: e.target.value })} />
          <Lines name="target_urls" label="Targets" hint="Where people may be sent, one address a line; each covers its path and everything below." value={values.target_urls} onChange={(target_urls) => set({ target_urls })} />
          <Lines name="allowed_origins" label="Allowed origins" hint="The pages that may exchange a session login token for a session, one a line, such as https://app.example.com." value={values.allowed_origins} onChange={(allowed_origins) => set({ allowed_origins })} />
        </fieldset>
        <Conflict began={change.base.data} theirs={change.theirs?.data} mine={values} names={names} onKeep={async () => done(await change.keepMine())} onTake={() => setValues(valuesOf(change.useTheirs() ?? began.data))} />
        <FailureBanner failure={change.failure} known={['name', 'description', 'auth_methods', 'token_lifetime', 'introspects', 'home_url', 'target_urls', 'allowed_origins']} />
        {writes && (
          <>
            <ShowAs asked={{ method: 'PATCH', path: `/applications/${clientId}`, body, cli: `app edit ${clientId}${flags(body)}`, go: ['UpdateApplication', clientId] }} />
            <DialogButtons>
              <Button type="submit" look="primary" busy={change.busy} disabled={Object.keys(body).length === 0}>
                Save configuration
              </Button>
            </DialogButtons>
          </>
        )}
      </Form>
    </Section>
  )
}

function Methods({ value, onChange }: { value: Method[]; onChange: (value: Method[]) => void }) {
  const any = value.length === 0
  return (
    <Group name="auth_methods" label="Token endpoint authentication" hint="The only ways in which it may prove itself. A narrower choice keeps a leaked secret from being used in another way.">
      <Checkbox label="Any" checked={any} onChange={(e) => onChange(e.target.checked ? [] : ['client_secret_basic'])} />
      {!any && (
        <div className="space-y-2 border-l-2 border-line pl-4">
          {methods.map(([method, label, hint]) => (
            <Checkbox key={method} label={label} hint={hint} checked={value.includes(method)} onChange={(e) => onChange(methods.map(([m]) => m).filter((m) => (m === method ? e.target.checked : value.includes(m))))} />
          ))}
        </div>
      )}
    </Group>
  )
}

function Introspects({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  const { data } = useAPIs()
  const apis = [...new Set([...(data?.items ?? []).filter((a) => !a.builtin || value.includes(a.name)).map((a) => a.name), ...value])]
  if (apis.length === 0) return null
  return (
    <Group name="introspects" label="Looks into tokens of" optional hint="The APIs whose resource server it is (RFC 7662).">
      {apis.map((name) => (
        <Checkbox key={name} label={name} checked={value.includes(name)} onChange={(e) => onChange(apis.filter((n) => (n === name ? e.target.checked : value.includes(n))))} />
      ))}
    </Group>
  )
}

/** A list, one a line. What is typed stays as it is typed: an empty line at the end is where the next one begins. */
function Lines({ name, label, hint, value, onChange }: { name: string; label: string; hint: string; value: string[]; onChange: (value: string[]) => void }) {
  const [text, setText] = useState(value.join('\n'))
  const same = split(text).join('\n') === value.join('\n')
  return (
    <TextArea
      mono
      optional
      name={name}
      label={label}
      hint={hint}
      rows={3}
      value={same ? text : value.join('\n')}
      onChange={(e) => {
        setText(e.target.value)
        onChange(split(e.target.value))
      }}
    />
  )
}

const split = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

const flagOf: Record<string, string> = { name: 'name', description: 'description', auth_methods: 'auth-method', token_lifetime: 'token-lifetime', introspects: 'introspects', legacy_audience: 'legacy-audience', home_url: 'home-url', target_urls: 'target-url', allowed_origins: 'origin' }

function flags(body: ApplicationChange): string {
  return Object.entries(body)
    .map(([field, value]) => {
      const flag = ` --${flagOf[field]}`
      if (Array.isArray(value)) return value.length === 0 ? (field === 'auth_methods' ? `${flag} any` : `${flag}=`) : value.map((v) => `${flag} ${arg(v)}`).join('')
      if (typeof value === 'boolean') return `${flag}=${value}`
      if (typeof value === 'number') return `${flag} ${value}${value === 0 ? '' : 's'}`
      return `${flag} ${arg(String(value))}`
    })
    .join('')
}

