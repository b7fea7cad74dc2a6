import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Api, NewApi } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge, StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select, TextArea, TextField } from '../../ui/field'
import { MenuItem, RowMenu } from '../../ui/menu'
import { ShowAs } from '../../ui/showas'
import { type Column, List, paged } from '../../ui/table'
import { reached } from '../parts/warning'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

/** What tokens are for. */
export function APIs() {
  const queries = useQueryClient()
  const may = useMay()
  const [making, setMaking] = useState(false)
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
      {making && <New onClose={(text) => (setMaking(false), text && tell(text))} />}
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

function New({ onClose }: { onClose: (said?: string) => void }) {
  const [name, setName] = useState('')
  const [audience, setAudience] = useState('')
  const [scopes, setScopes] = useState('')
  const [format, setFormat] = useState<'jwt' | 'handle'>('jwt')
  const names = scopes.split(/\s+/).filter(Boolean)
  const body: NewApi = { name, audience, token_format: format, scopes: names.map((each) => ({ name: each })) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/apis', { params: { header: { 'Idempotency-Key': key } }, body })))
  return (
    <Dialog open title="New API" onClose={() => onClose()}>
      <Form
        failure={failure}
        onSubmit={async () => {
          const made = await run()
          if (made) onClose(`${made.name} is there. Give applications its scopes.`)
        }}
      >
        <TextField name="name" label="Name" value={name} onChange={(e) => setName(e.target.value)} autoFocus />
        <TextField name="audience" label="Audience" hint="The URI that its tokens carry as aud." placeholder="https://invoices.example" value={audience} onChange={(e) => setAudience(e.target.value)} />
        <TextArea name="scopes" label="Scopes" hint="One in each line, such as invoices:read." value={scopes} onChange={(e) => setScopes(e.target.value)} />
        <Select
          name="token_format"
          label="Tokens"
          value={format}
          onChange={(e) => setFormat(e.target.value as typeof format)}
          options={[
            ['jwt', 'JWT: the API checks them by itself; a revocation is seen at their end'],
            ['handle', 'Handle: the API asks us; a revocation is seen at once'],
          ]}
        />
        <FailureBanner failure={failure} known={['name', 'audience', 'scopes', 'token_format']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: '/apis',
            body,
            cli: `api create ${arg(name || 'NAME')} --audience ${arg(audience || 'URI')} --token-format ${format}${names.map((each) => ` --scope ${arg(each)}`).join('')}`,
            go: `made, err := c.CreateAPI(ctx, client.NewAPI{Name: ${JSON.stringify(name)}, Audience: ${JSON.stringify(audience)}})`,
          }}
        />
        <DialogButtons>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Create API
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
