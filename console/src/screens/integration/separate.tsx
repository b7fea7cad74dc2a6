import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Integration } from '../../api/schema'
import { useMay, useSession } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { useFilters } from '../../ui/address'
import { StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm } from '../../ui/dialog'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Empty } from '../../ui/page'
import { Search } from '../../ui/search'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { unused, usedLately } from '../parts/used'
import { reached } from '../parts/warning'
import { EditCredential, NewCredential } from './dialogs'
import { Head } from './tabs'

type Kind = Integration['kind']

const words: Record<Kind, { one: string; lead: string; empty: string; command: string }> = {
  application: {
    one: 'application credential',
    lead: 'Each opens the exchange of one application.',
    empty: 'An application that receives people from you needs one to ask who they are.',
    command: 'counterfoil integration credential create --application crm',
  },
  connection: {
    one: 'connection API credential',
    lead: 'Each opens the connections API. You may choose the secret yourself.',
    empty: 'A program that manages connections needs one.',
    command: 'counterfoil integration credential create partners --connection',
  },
}

export const ApplicationCredentials = () => <Credentials kind="application" />
export const ConnectionCredentials = () => <Credentials kind="connection" />

function Credentials({ kind }: { kind: Kind }) {
  const [filters, setFilters] = useFilters()
  const queries = useQueryClient()
  const { administrator } = useSession()
  const may = useMay()
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState<Integration>()
  const [deleting, setDeleting] = useState<Integration>()
  const [said, setSaid] = useState<{ text: string; undo?: Integration }>()
  const query = useInfiniteQuery({
    queryKey: ['integrations', kind, filters.search],
    queryFn: ({ pageParam }) => ask(api.GET('/integration-credentials', { params: { query: { kind, name: filters.search, cursor: pageParam } } })),
    ...paged,
  })
  const tell = (text: string, undo?: Integration) => {
    setSaid({ text, undo })
    announce(text)
    void queries.invalidateQueries({ queryKey: ['integrations'] })
  }
  const at = (one: Integration) => ({ params: { path: { integration: one.client_id } } })
  const disable = useAction((_, one: Integration) => ask(api.POST('/integration-credentials/{integration}/disable', at(one))))
  const enable = useAction((_, one: Integration) => ask(api.POST('/integration-credentials/{integration}/enable', at(one))))
  const remove = useAction((_, one: Integration) => ask(api.DELETE('/integration-credentials/{integration}', at(one))))
  const switchOff = async (one: Integration) => {
    const done = await disable.run(one)
    setDeleting(undefined)
    if (done) tell(`${one.name} is disabled. Its tokens are dead and stay so. ${reached(done.propagated)}`, one)
  }
  const switchOn = async (one: Integration) => {
    if (await enable.run(one)) tell(`${one.name} is enabled. Tokens from before stay dead.`)
  }
  const destroy = async (one: Integration) => {
    if (!(await remove.run(one))) return
    setDeleting(undefined)
    tell(`${one.name} is deleted, with its tokens.`)
  }
  const mayChange = administrator && may('credentials:write')
  const make = mayChange && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      Add credential
    </Button>
  )
  const columns: Column<Integration>[] = [
    { name: 'Name', always: true, cell: (one) => <span className="font-semibold">{one.name}</span> },
    { name: 'Client ID', cell: (one) => <Copied text={one.client_id} what={`the client ID of ${one.name}`} /> },
    { name: 'Description', cell: (one) => one.description || <span className="text-soft">–</span> },
    { name: 'State', always: true, cell: (one) => <StateBadge state={one.enabled ? 'active' : 'disabled'} /> },
    { name: 'Last used', cell: (one) => <Time at={one.last_used_at} never={unused(one.created_at)} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        mayChange && (
          <RowMenu of={one.name}>
            <MenuItem onSelect={() => setEditing(one)}>Edit</MenuItem>
            {one.enabled ? <MenuItem onSelect={() => switchOff(one)}>Disable</MenuItem> : <MenuItem onSelect={() => switchOn(one)}>Enable</MenuItem>}
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
      <p className="mb-4 text-soft">{words[kind].lead}</p>
      <div className="mb-4 flex flex-wrap justify-between gap-3">
        <Search label="Filter by name" value={filters.search ?? ''} onChange={(search) => setFilters({ search })} />
        {make}
      </div>
      <div className="mb-4 space-y-3 empty:hidden">
        {said && (
          <Banner kind="good" title={said.text}>
            {said.undo && <Button onClick={() => switchOn(said.undo!)}>Undo: enable it again</Button>}
          </Banner>
        )}
        <FailureBanner failure={disable.failure ?? enable.failure} />
      </div>
      <List
        query={query}
        columns={columns}
        rowKey={(one) => one.client_id}
        caption={`List of ${words[kind].one}s`}
        empty={
          filters.search ? (
            <p>No {words[kind].one} is called “{filters.search}”.</p>
          ) : (
            <Empty title={`No ${words[kind].one}s yet`} about="facades" action={make} command={words[kind].command}>
              {words[kind].empty}
            </Empty>
          )
        }
      />
      {making && <NewCredential kind={kind} onClose={() => setMaking(false)} />}
      {editing && (
        <EditCredential
          one={editing}
          onClose={(text) => {
            setEditing(undefined)
            if (text) tell(text)
          }}
        />
      )}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Delete ${deleting.name}?`}
          verb={`Delete ${deleting.name}`}
          typed={usedLately(deleting.last_used_at) ? deleting.name : undefined}
          onConfirm={() => destroy(deleting)}
          busy={remove.busy}
          failure={remove.failure}
          instead={deleting.enabled && <Button onClick={() => switchOff(deleting)}>Disable instead</Button>}
        >
          <p>It is gone for good, and every token that was obtained with it stops working at once.</p>
        </Confirm>
      )}
    </>
  )
}
