import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Environment, Region } from '../../api/schema'
import { useMay, useSession } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select, TextField } from '../../ui/field'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Fact, Facts, Section, Waiting } from '../../ui/page'
import { type Shown, ShowOnce } from '../../ui/secret'
import { ShowAs } from '../../ui/showas'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { Begun } from '../parts/begun'
import { Conflict, useChange } from '../parts/conflict'
import { KeepSecure } from '../parts/warning'
import { Head } from './tabs'
import { arg, operand } from '../../ui/shell'

const read = (id: string) => askTagged(api.GET('/environments/{environment}', { params: { path: { environment: id } } }))

/** Properties of this environment: what others need to know to speak to it. */
export function EnvironmentSettings() {
  const { environment } = useSession()
  const may = useMay()
  const seen = may('environments:read')
  const { data } = useQuery({ queryKey: ['environments', environment.id], queryFn: () => read(environment.id), enabled: seen })
  return (
    <>
      <Head />
      <Section title="Properties">
        <Facts>
          <Fact name="Environment ID">
            <Copied text={environment.id} what="the environment ID" />
          </Fact>
          <Fact name="Issuer">
            <Copied text={environment.issuer} what="the issuer" />
          </Fact>
          <Fact name="Token endpoint">
            <Copied text={`${environment.issuer}/oauth2/token`} what="the address of the token endpoint" />
          </Fact>
          <Fact name="Region">{environment.region ?? 'Not set: it lives wherever this server is'}</Fact>
          <Fact name="Top-level domain">{domainOf(environment)}</Fact>
          <Fact name="Name in addresses">{environment.default ? 'None: this is the default environment' : environment.issuer.split('/').at(-1)}</Fact>
        </Facts>
      </Section>
      {data && may('environments:write') && (
        <Section title="Name">
          <Begun held={data}>{(began, settle) => <Rename began={began} onSaved={settle} />}</Begun>
        </Section>
      )}
      {seen && !data && <Waiting />}
    </>
  )
}

/** What programs that ask for a top-level domain beside an environment are told, and where it comes from. */
function domainOf({ region, top_level_domain: domain }: { region?: string; top_level_domain?: string }) {
  if (!domain) return region ? `Not known: ${region} is not among the regions of this server` : 'None: neither the environment nor this server has a region'
  return (
    <>
      <Copied text={domain} what="the top-level domain" />
      {!region && <span className="block text-sm text-soft">That of this server, as the environment has no region of its own.</span>}
    </>
  )
}

function Rename({ began, onSaved }: { began: { data: Environment; tag: string }; onSaved: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(began.data.name)
  const id = began.data.id
  const change = useChange({ began, read: () => read(id), write: (tag) => ask(api.PATCH('/environments/{environment}', { params: { path: { environment: id }, header: { 'If-Match': tag } }, body: { name } })) })
  const done = (changed?: Environment) => {
    if (!changed) return
    announce('The name is changed')
    onSaved()
    void queries.invalidateQueries({ queryKey: ['environments'] })
    void queries.invalidateQueries({ queryKey: ['session'] })
  }
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <TextField name="name" label="Name" value={name} onChange={(e) => setName(e.target.value)} className="max-w-md" />
      <Conflict began={change.base.data} theirs={change.theirs?.data} mine={{ name }} names={{ name: 'Name' }} onKeep={async () => done(await change.keepMine())} onTake={() => setName(change.useTheirs()?.name ?? '')} />
      <FailureBanner failure={change.failure} known={['name']} />
      <ShowAs asked={{ method: 'PATCH', path: `/environments/${id}`, body: { name }, cli: `environment edit ${id} --name ${arg(name)}`, go: ['UpdateEnvironment', id] }} />
      <Button type="submit" look="primary" busy={change.busy} disabled={name === began.data.name}>
        Save name
      </Button>
    </Form>
  )
}

/** All environments, from the default one. */
export function Environments() {
  const queries = useQueryClient()
  const may = useMay()
  const [making, setMaking] = useState(false)
  const [stopping, setStopping] = useState<Environment>()
  const [said, setSaid] = useState('')
  const query = useInfiniteQuery({ queryKey: ['environments', 'all'], queryFn: ({ pageParam }) => ask(api.GET('/environments', { params: { query: { cursor: pageParam } } })), ...paged })
  const turn = useAction((_, one: Environment, on: boolean) => {
    const at = { params: { path: { environment: one.id } } }
    return ask(on ? api.POST('/environments/{environment}/enable', at) : api.POST('/environments/{environment}/disable', at))
  })
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['environments'] })
  }
  const mayChange = may('environments:write')
  const columns: Column<Environment>[] = [
    { name: 'Name', always: true, cell: (one) => <span className="font-semibold">{one.name}</span> },
    { name: 'In addresses', cell: (one) => <code className="font-mono">{one.slug ?? (one.is_default ? '/' : one.id)}</code> },
    { name: 'Issuer', cell: (one) => <Copied text={one.issuer} what={`the issuer of ${one.name}`} /> },
    { name: 'Region', cell: (one) => one.region ?? <span className="text-soft">Not set</span> },
    { name: 'State', always: true, cell: (one) => <StateBadge state={one.enabled ? 'enabled' : 'disabled'} /> },
    { name: 'Created', cell: (one) => <Time at={one.created_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        mayChange &&
        !one.is_default && (
          <RowMenu of={one.name}>
            {one.enabled ? (
              <MenuItem danger onSelect={() => setStopping(one)}>
                Disable
              </MenuItem>
            ) : (
              <MenuItem onSelect={async () => (await turn.run(one, true)) && tell(`${one.name} is enabled.`)}>Enable</MenuItem>
            )}
          </RowMenu>
        ),
    },
  ]
  return (
    <>
      <Head />
      <div className="mb-4 flex justify-end">
        {mayChange && (
          <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
            New environment
          </Button>
        )}
      </div>
      <div className="mb-4 space-y-3 empty:hidden">
        {said && <Banner kind="good" title={said} />}
        <FailureBanner failure={stopping ? undefined : turn.failure} />
      </div>
      <List query={query} columns={columns} rowKey={(one) => one.id} caption="Environments" empty={null} />
      {making && <NewEnvironment onClose={() => setMaking(false)} />}
      {stopping && (
        <Confirm
          open
          onClose={() => setStopping(undefined)}
          title={`Disable ${stopping.name}?`}
          verb={`Disable environment ${stopping.name}`}
          typed={stopping.name}
          busy={turn.busy}
          failure={turn.failure}
          onConfirm={async () => {
            if (!(await turn.run(stopping, false))) return
            setStopping(undefined)
            tell(`${stopping.name} is disabled: nobody gets a token there and nobody's counts.`)
          }}
        >
          <p>Every application in it is refused, and every token of it is inactive, until it is enabled again.</p>
        </Confirm>
      )}
    </>
  )
}

const wordsOf = ({ code, top_level_domain: domain, here }: Region) => `${code} (${domain})${here ? '' : ', not served here'}`

function NewEnvironment({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [slug, setSlug] = useState('')
  const [region, setRegion] = useState('')
  const [shown, setShown] = useState<Shown>()
  const { data: regions, error } = useQuery({ queryKey: ['regions'], queryFn: () => ask(api.GET('/regions')) })
  const away = regions?.items.find((one) => one.code === region && !one.here)
  const body = { name, ...(slug && { slug }), ...(region && { region }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/environments', { params: { header: { 'Idempotency-Key': key } }, body })))
  if (shown) {
    return (
      <ShowOnce shown={shown} onDone={onClose}>
        <KeepSecure />
      </ShowOnce>
    )
  }
  return (
    <Dialog open title="New environment" onClose={onClose}>
      <Form
        failure={failure}
        onSubmit={async () => {
          const made = await run()
          if (!made) return
          void queries.invalidateQueries({ queryKey: ['environments'] })
          if (!made.admin?.client_secret) return onClose()
          setShown({
            title: `Administrator of ${made.name}`,
            slug: 'counterfoil-admin',
            values: [
              { name: 'Issuer', variable: 'ISSUER', value: made.issuer },
              { name: 'Client ID', variable: 'CLIENT_ID', value: made.admin.client_id },
              { name: 'Client secret', variable: 'CLIENT_SECRET', value: made.admin.client_secret, secret: true },
            ],
          })
        }}
      >
        <TextField name="name" label="Name" value={name} onChange={(e) => setName(e.target.value)} autoFocus />
        <TextField name="slug" label="Short name in addresses" optional hint="Such as staging; its ID unless given." value={slug} onChange={(e) => setSlug(e.target.value)} />
        <Select name="region" label="Region" optional hint="Where it lives. It never changes, and nor does the short name." value={region} onChange={(e) => setRegion(e.target.value)} options={[['', 'Wherever this server is'], ...(regions?.items ?? []).map((one) => [one.code, wordsOf(one)] as const)]} />
        {away && (
          <Banner kind="warn" title={`${away.code} is not served here`}>
            <p>The environment answers at the server of that region only: here, programs that prove who they are hear that its addresses end in {away.top_level_domain}, and nobody can sign in to it.</p>
          </Banner>
        )}
        <FailureBanner failure={failure ?? (error ? failureOf(error) : undefined)} known={['name', 'slug', 'region']} />
        <ShowAs asked={{ method: 'POST', path: '/environments', body, cli: `environment create${slug && ` --slug ${arg(slug)}`}${region && ` --region ${arg(region)}`} ${operand(name || 'NAME')}`, go: ['CreateEnvironment'] }} />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Create environment
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
