import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Api, ApiChange, NewApi, Scope } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge, StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm, Dialog } from '../../ui/dialog'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Waiting } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { EditThing, type Entry, NewThing, type Values } from '../parts/forms'
import { reached } from '../parts/warning'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

/** What tokens are for. */
export function APIs() {
  const queries = useQueryClient()
  const may = useMay()
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState<Api>()
  const [deleting, setDeleting] = useState<Api>()
  const [said, setSaid] = useState('')
  const query = useInfiniteQuery({ queryKey: ['apis'], queryFn: ({ pageParam }) => ask(api.GET('/apis', { params: { query: { cursor: pageParam } } })), ...paged })
  const disable = useAction((_, one: Api) => ask(api.POST('/apis/{api}/disable', { params: { path: { api: one.id } } })))
  const enable = useAction((_, one: Api) => ask(api.POST('/apis/{api}/enable', { params: { path: { api: one.id } } })))
  const remove = useAction((_, one: Api) => ask(api.DELETE('/apis/{api}', { params: { path: { api: one.id } } })))
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['apis'] })
  }
  const mayChange = may('apis:write')
  const columns: Column<Api>[] = [
    {
      name: 'Name',
      always: true,
      cell: (one) => (
        <>
          <span className="font-semibold">{one.name}</span> {one.builtin && <Badge>Built in</Badge>}
        </>
      ),
    },
    { name: 'Audience', cell: (one) => <Copied text={one.audience} what={`the audience of ${one.name}`} /> },
    { name: 'Scopes', end: true, cell: (one) => <span title={one.scopes.map((s) => s.name).join(' ')}>{one.scopes.length}</span> },
    { name: 'Tokens', cell: (one) => `${one.token_format === 'jwt' ? `JWT, ${one.signing_alg}` : 'Handle'}, ${one.token_lifetime / 60} min` },
    { name: 'State', always: true, cell: (one) => <StateBadge state={one.enabled ? 'enabled' : 'disabled'} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        mayChange &&
        !one.builtin && (
          <RowMenu of={one.name}>
            {one.enabled ? (
              <MenuItem
                onSelect={async () => {
                  const done = await disable.run(one)
                  if (done) tell(`${one.name} is disabled, and its tokens are inactive. ${reached(done.propagated)}`)
                }}
              >
                Disable
              </MenuItem>
            ) : (
              <MenuItem onSelect={async () => (await enable.run(one)) && tell(`${one.name} is enabled.`)}>Enable</MenuItem>
            )}
            <MenuItem onSelect={() => setEditing(one)}>Edit</MenuItem>
            <MenuItem danger onSelect={() => setDeleting(one)}>
              Delete
            </MenuItem>
          </RowMenu>
        ),
    },
  ]
  return (
    <>
      <Head />
      <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <p className="max-w-prose text-soft">An API has an audience and scopes; applications are given scopes, and tokens carry them.</p>
        {mayChange && (
          <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
            New API
          </Button>
        )}
      </div>
      <div className="mb-4 space-y-3 empty:hidden">
        {said && <Banner kind="good" title={said} />}
        <FailureBanner failure={disable.failure ?? enable.failure} />
      </div>
      <List query={query} columns={columns} rowKey={(one) => one.id} caption="APIs" empty={null} />
      {making && <New tell={tell} onClose={() => setMaking(false)} />}
      {editing && <Edit one={editing} onClose={(text) => (setEditing(undefined), text && tell(text))} />}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Delete ${deleting.name}?`}
          verb={`Delete API ${deleting.name}`}
          typed={deleting.name}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(deleting))) return
            setDeleting(undefined)
            tell(`${deleting.name} is deleted, with its scopes.`)
          }}
        >
          <p>Its scopes leave every application and credential, and its tokens are inactive at once.</p>
        </Confirm>
      )}
    </>
  )
}

/** A scope in a line: its name and, after an equals sign, what it is for, as in the command line. */
const lineOf = ({ name, description }: Scope) => (description ? `${name}=${description}` : name)
const scopesOf = (text = ''): Scope[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const [name = '', ...rest] = line.split('=')
      const description = rest.join('=').trim()
      return { name: name.trim(), ...(description && { description }) }
    })

const entries: readonly Entry[] = [
  { name: 'name', label: 'Name' },
  { name: 'audience', label: 'Audience', hint: 'The URI that its tokens carry as aud, such as https://invoices.example.' },
  { name: 'scopes', label: 'Scopes', area: true, mono: true, hint: 'One a line, such as invoices:read, or invoices:read=See invoices.' },
  {
    name: 'token_format',
    label: 'Tokens',
    options: [
      ['jwt', 'JWT: the API checks them by itself; a revocation is seen at their end'],
      ['handle', 'Handle: the API asks us; a revocation is seen at once'],
    ],
  },
  { name: 'token_lifetime', label: 'Minutes that a token lives', type: 'number', hint: 'From 1 to 1440.' },
  { name: 'signing_alg', label: 'Signed with', options: (['ES256', 'EdDSA', 'RS256', 'PS256'] as const).map((alg) => [alg, alg] as const) },
  {
    name: 'on_stale',
    label: 'While a node cannot read its database',
    options: [
      ['serve', 'Go on issuing tokens'],
      ['refuse', 'Issue none'],
    ],
  },
]

/** What the API takes. */
const bodyOf = ({ name = '', audience = '', scopes, token_format, token_lifetime, signing_alg, on_stale }: Values) =>
  ({ name, audience, scopes: scopesOf(scopes), token_format, token_lifetime: Math.round(Number(token_lifetime) * 60), signing_alg, on_stale }) as Required<NewApi>

const flags = ({ token_format, token_lifetime, signing_alg, on_stale }: Partial<NewApi>) =>
  [token_format && ` --token-format ${token_format}`, token_lifetime !== undefined && ` --token-lifetime ${token_lifetime}s`, signing_alg && ` --signing-alg ${signing_alg}`, on_stale && ` --on-stale ${on_stale}`].filter(Boolean).join('')

function New({ tell, onClose }: { tell: (text: string) => void; onClose: () => void }) {
  return (
    <NewThing
      title="New API"
      verb="Create API"
      first={{ token_format: 'jwt', token_lifetime: '10', signing_alg: 'ES256', on_stale: 'serve' }}
      entries={entries}
      onClose={onClose}
      asked={(values) => {
        const { scopes, ...rest } = bodyOf(values)
        return {
          method: 'POST',
          path: '/apis',
          body: bodyOf(values),
          cli: `api create ${arg(rest.name || 'NAME')} --audience ${arg(rest.audience || 'URI')}${scopes?.map((one) => ` --scope ${arg(lineOf(one))}`).join('')}${flags(rest)}`,
          go: ['CreateAPI'],
        }
      }}
      make={async (key, values) => {
        const { name } = await ask(api.POST('/apis', { params: { header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
        tell(`${name} is there. Give applications its scopes.`)
      }}
    />
  )
}

const read = (id: string) => askTagged(api.GET('/apis/{api}', { params: { path: { api: id } } }))

const valuesOf = ({ name, audience, scopes, token_format, token_lifetime, signing_alg, on_stale }: Api): Values => ({ name, audience, scopes: scopes.map(lineOf).join('\n'), token_format, token_lifetime: String(token_lifetime / 60), signing_alg, on_stale })

/** What differs from an API. */
function changeOf(one: Api, values: Values): ApiChange {
  const before = valuesOf(one)
  return Object.fromEntries(Object.entries(bodyOf(values)).filter(([name]) => values[name] !== before[name]))
}

function Edit({ one, onClose }: { one: Api; onClose: (said?: string) => void }) {
  const { data, error } = useQuery({ queryKey: ['apis', 'edit', one.id], queryFn: () => read(one.id), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open wide title={`Edit ${one.name}`} description="A scope that is left out is taken from every application and every token at once." onClose={() => onClose()}>
      {data ? (
        <EditThing
          began={data}
          read={() => read(one.id)}
          write={(tag, values) => ask(api.PATCH('/apis/{api}', { params: { path: { api: one.id }, header: { 'If-Match': tag } }, body: changeOf(data.data, values) }))}
          valuesOf={valuesOf}
          entries={entries}
          verb="Save API"
          onCancel={() => onClose()}
          onDone={() => onClose(`${one.name} is changed.`)}
          asked={(values) => {
            const change = changeOf(data.data, values)
            const { scopes, ...rest } = change
            const texts = (['name', 'audience'] as const).map((name) => change[name] && ` --${name} ${arg(change[name])}`)
            return {
              method: 'PATCH',
              path: `/apis/${one.id}`,
              body: change,
              cli: [`api edit ${arg(one.name)}`, ...texts, ...(scopes ?? []).map((scope) => ` --scope ${arg(lineOf(scope))}`), flags(rest as Partial<NewApi>)].filter(Boolean).join(''),
              go: ['UpdateAPI', one.id],
            }
          }}
        />
      ) : (
        <Waiting error={error} />
      )}
    </Dialog>
  )
}
