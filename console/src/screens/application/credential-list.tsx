import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { useFilters } from '../../ui/address'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Select } from '../../ui/field'
import { Menu, MenuItem, MenuLine, RowMenu } from '../../ui/menu'
import { Empty } from '../../ui/page'
import { List, paged } from '../../ui/table'
import { usePolicy } from '../parts/policy'
import { Undo } from '../parts/undo'
import { reached } from '../parts/warning'
import { AddCertificate } from './credential-certificate'
import { columns } from './credential-columns'
import { DeleteCredential } from './credential-delete'
import { Act, CredentialDetail } from './credential-detail'
import { EditCredential } from './credential-edit'
import { AddKey, AddTrust } from './credential-key'
import { disable, enable, type Entry, type Kind, kinds, nameOf, words } from './credential-kinds'
import { RotateSecret, Succession } from './credential-rotate'
import { AddSecret } from './credential-secret'
import type { Ground } from './credential-settings'

const adders = { secret: AddSecret, certificate: AddCertificate, jwt_key: AddKey, trust: AddTrust }

type Asked = { what: 'edit' | 'rotate' | 'delete'; one: Entry }

/**
 * The credential that the address names. A link may lead to one that is on none of the pages that were fetched, or that the filter
 * leaves out: it is asked for by itself.
 */
function useOpened(application: string, id: string | undefined, rows: Entry[], pending: boolean) {
  const listed = rows.find((one) => one.id === id)
  const { data, error } = useQuery({
    queryKey: ['applications', application, 'credentials', 'opened', id],
    queryFn: async () => (await ask(api.GET('/applications/{application}/credentials', { params: { path: { application }, query: { id } } }))).items[0] ?? null,
    enabled: id !== undefined && !listed && !pending,
  })
  if (id === undefined || listed) return { open: listed, gone: false }
  return { open: data ?? undefined, gone: data === null, failure: error ? failureOf(error) : undefined }
}

/** The credentials of an application, whatever their kind, in one table, and what can be done with them. */
export function Credentials({ application }: { application: Application }) {
  const [filters, setFilters] = useFilters()
  const queries = useQueryClient()
  const may = useMay()
  const [adding, setAdding] = useState<Kind>()
  const [asked, setAsked] = useState<Asked>()
  const [said, setSaid] = useState<{ text: string; undo?: Entry }>()
  const kind = kinds.find((each) => each === filters.kind)
  const query = useInfiniteQuery({
    queryKey: ['applications', application.client_id, 'credentials', 'list', kind],
    queryFn: ({ pageParam }) => ask(api.GET('/applications/{application}/credentials', { params: { path: { application: application.client_id }, query: { limit: 100, cursor: pageParam, ...(kind && { kind: [kind] }) } } })),
    ...paged,
  })
  const policy = usePolicy()
  const rows = query.data?.pages.flatMap((page) => page.items) ?? []
  const ground: Ground = { application, policy: policy.data }
  const ready = !may('policy:read') || !policy.isPending // what is ticked depends on it
  const tell = (text: string, undo?: Entry) => {
    setSaid({ text, undo })
    announce(text)
    void queries.invalidateQueries({ queryKey: ['applications'] })
    void queries.invalidateQueries({ queryKey: ['ledger'] })
  }
  const off = useAction((_, one: Entry) => disable(one))
  const on = useAction((_, one: Entry) => enable(one))
  const switchOff = async (one: Entry) => {
    const done = await off.run(one)
    setAsked(undefined)
    setFilters({ open: undefined }) // what was done, and how to undo it, stands above the table
    if (done) tell(`${words[one.kind].one.replace(/^./, (c) => c.toUpperCase())} ${nameOf(one)} is disabled, and its tokens are dead. ${reached(done.propagated)}`, one)
  }
  const switchOn = async (one: Entry) => {
    if (await on.run(one)) tell(`${nameOf(one)} is enabled and gets new tokens. Those from before it was disabled stay dead.`)
  }
  const mayWrite = may('credentials:write')
  const begin = (what: Asked['what'], one: Entry) => {
    setFilters({ open: undefined })
    setAsked({ what, one })
  }
  const { open, gone, failure: unopened } = useOpened(application.client_id, filters.open, rows, query.isPending)
  const pairs = rows.flatMap((before) => rows.filter((after) => after.replaces === before.id && before.state !== 'disabled' && before.state !== 'expired').map((after) => ({ before, after })))
  const add = mayWrite && (
    <div className="flex flex-wrap gap-2">
      <Button look="primary" data-key="c" disabled={!ready} onClick={() => setAdding('secret')}>
        Add secret
      </Button>
      <Menu
        trigger={
          <Button disabled={!ready}>
            Add another kind <ChevronDown aria-hidden="true" className="size-4" />
          </Button>
        }
      >
        <MenuItem onSelect={() => setAdding('certificate')}>Certificate</MenuItem>
        <MenuItem onSelect={() => setAdding('jwt_key')}>JWT key</MenuItem>
        <MenuItem onSelect={() => setAdding('trust')}>Federated trust</MenuItem>
      </Menu>
    </div>
  )
  const menu = (one: Entry) => (
    <RowMenu of={nameOf(one)}>
      <MenuItem onSelect={() => setFilters({ open: one.id }, true)}>Look closer</MenuItem>
      {mayWrite && (
        <>
          <MenuItem onSelect={() => begin('edit', one)}>Edit</MenuItem>
          {one.kind === 'secret' && !one.replaced_by && <MenuItem onSelect={() => begin('rotate', one)}>Rotate</MenuItem>}
          <MenuLine />
          {one.enabled ? <MenuItem onSelect={() => switchOff(one)}>Disable</MenuItem> : <MenuItem onSelect={() => switchOn(one)}>Enable</MenuItem>}
          <MenuItem danger onSelect={() => begin('delete', one)}>
            Delete
          </MenuItem>
        </>
      )}
    </RowMenu>
  )
  const Adder = adding && adders[adding]
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-3">
        <Select label="Kind" className="w-56" value={kind ?? ''} onChange={(e) => setFilters({ kind: e.target.value })} options={[['', 'All kinds'], ...kinds.map((each) => [each, words[each].many] as const)]} />
        {add}
      </div>
      <div className="mb-4 space-y-3 empty:hidden">
        {said && (said.undo ? <Undo title={said.text} of={nameOf(said.undo)} busy={on.busy} onUndo={() => switchOn(said.undo!)} /> : <Banner kind="good" title={said.text} />)}
        <FailureBanner failure={off.failure ?? on.failure ?? unopened} />
        {gone && (
          <Banner kind="warn" title="That credential is not there any more">
            <p>The link led to one that was deleted, or that {application.name} never had.</p>
          </Banner>
        )}
        {pairs.map(({ before, after }) => (
          <Succession key={after.id} {...{ before, after }} onDelete={mayWrite ? (one) => begin('delete', one) : undefined} />
        ))}
      </div>
      <List
        query={query}
        columns={columns({ onOpen: (one) => setFilters({ open: one.id }, true), actions: menu })}
        rowKey={(one) => one.id}
        caption={`Credentials of ${application.name}`}
        empty={
          kind ? (
            <p>
              {application.name} has no {words[kind].many.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())}.
            </p>
          ) : (
            <Empty title="No credentials yet" about="credentials" action={add} command={`counterfoil app secret add ${application.client_id} --expires 1y`}>
              {application.name} needs one to get its tokens.
            </Empty>
          )
        }
      />
      {Adder && <Adder ground={ground} onClose={() => setAdding(undefined)} onMade={tell} />}
      {open && (
        <CredentialDetail
          one={open}
          onClose={() => setFilters({ open: undefined })}
          actions={
            mayWrite && (
              <>
                <Act onPress={() => begin('edit', open)}>Edit</Act>
                {open.kind === 'secret' && !open.replaced_by && <Act shortcut="r" onPress={() => begin('rotate', open)}>Rotate</Act>}
                {open.enabled ? <Act onPress={() => switchOff(open)}>Disable</Act> : <Act onPress={() => switchOn(open)}>Enable</Act>}
                <Act danger onPress={() => begin('delete', open)}>
                  Delete
                </Act>
              </>
            )
          }
        />
      )}
      {asked?.what === 'edit' && (
        <EditCredential
          one={asked.one}
          ground={ground}
          onClose={(text) => {
            setAsked(undefined)
            if (text) tell(text)
          }}
        />
      )}
      {asked?.what === 'rotate' && <RotateSecret one={asked.one} ground={ground} onClose={() => setAsked(undefined)} onMade={tell} />}
      {asked?.what === 'delete' && (
        <DeleteCredential
          one={asked.one}
          application={application.name}
          onClose={() => setAsked(undefined)}
          onDisable={() => switchOff(asked.one)}
          onDeleted={() => {
            setAsked(undefined)
            tell(`${nameOf(asked.one)} is deleted, with its tokens.`)
          }}
        />
      )}
    </>
  )
}
