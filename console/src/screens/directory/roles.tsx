import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Role } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm, Dialog } from '../../ui/dialog'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Waiting } from '../../ui/page'
import { type Column, List, paged, Table } from '../../ui/table'
import { EditThing, type Entry, NewThing, useSaid, type Values } from '../parts/forms'
import { Head } from './tabs'
import { arg, flagsOf } from '../../ui/shell'

const entries: readonly Entry[] = [
  { name: 'name', label: 'Name' },
  { name: 'description', label: 'Description', optional: true },
  { name: 'scopes', label: 'Permissions', area: true, mono: true, hint: 'Such as users:read and groups:read, with spaces or line breaks between them. You can permit only what you may do yourself.' },
]
const scopesOf = (text = '') => text.split(/[\s,]+/).filter(Boolean)
const bodyOf = ({ name = '', description = '', scopes }: Values) => ({ name, description, scopes: scopesOf(scopes) })
const flagged = (values: Values) => {
  const { description, scopes } = bodyOf(values)
  return { description, scope: scopes }
}
const read = (id: string) => askTagged(api.GET('/roles/{role}', { params: { path: { role: id } } }))

/** The roles there are, with what each permits and who holds it. */
export function Roles() {
  const may = useMay()
  const queries = useQueryClient()
  const said = useSaid()
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState<Role>()
  const [deleting, setDeleting] = useState<Role>()
  const [holders, setHolders] = useState<Role>()
  const { data, error, isPending } = useQuery({ queryKey: ['roles'], queryFn: () => ask(api.GET('/roles')) })
  const remove = useAction((_, id: string) => ask(api.DELETE('/roles/{role}', { params: { path: { role: id } } })))
  const tell = (text: string) => {
    said.tell(text)
    void queries.invalidateQueries({ queryKey: ['roles'] })
  }
  const columns: Column<Role>[] = [
    { name: 'Name', always: true, cell: (one) => <span className="font-semibold">{one.name}</span> },
    { name: 'Kind', cell: (one) => <Badge>{one.builtin ? 'Built in' : 'Custom'}</Badge> },
    { name: 'Description', cell: (one) => one.description || <span className="text-soft">–</span> },
    { name: 'Over', cell: (one) => one.over.join(', ') },
    {
      name: 'Permits',
      cell: (one) => (
        <details>
          <summary className="cursor-pointer whitespace-nowrap">{one.scopes.length} permissions</summary>
          <code className="text-sm break-words">{one.scopes.join(' ')}</code>
        </details>
      ),
    },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) => (
        <RowMenu of={one.name}>
          <MenuItem onSelect={() => setHolders(one)}>Show holders</MenuItem>
          {!one.builtin && may('roles:write') && (
            <>
              <MenuItem onSelect={() => setEditing(one)}>Edit</MenuItem>
              <MenuItem danger onSelect={() => setDeleting(one)}>
                Delete
              </MenuItem>
            </>
          )}
        </RowMenu>
      ),
    },
  ]
  return (
    <>
      <Head
        title="Roles"
        lead="What administrators may do. A role is given to a person over the organization, the environment or one population."
        actions={
          may('roles:write') && (
            <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
              New role
            </Button>
          )
        }
      />
      {said.banner}
      {isPending && <Waiting lines={6} />}
      {error && <FailureBanner failure={failureOf(error)} />}
      {data && <Table rows={data.items} columns={columns} rowKey={(one) => one.role} caption="List of roles" />}
      {making && (
        <NewThing
          title="New role"
          verb="Create role"
          entries={entries}
          onClose={() => setMaking(false)}
          asked={(values) => ({ method: 'POST', path: '/roles', body: bodyOf(values), cli: `role create ${arg(values.name || 'NAME')}${flagsOf(flagged(values))}`, go: ['CreateRole'] })}
          make={async (key, values) => {
            const made = await ask(api.POST('/roles', { params: { header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
            tell(`Role ${made.name} is made.`)
          }}
        />
      )}
      {editing && (
        <Edit
          one={editing}
          onClose={(saved) => {
            setEditing(undefined)
            if (saved) tell('The role is saved, for everybody who holds it.')
          }}
        />
      )}
      {holders && <Holders role={holders} onClose={() => setHolders(undefined)} />}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Delete ${deleting.name}?`}
          verb={`Delete role ${deleting.name}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(deleting.role))) return
            setDeleting(undefined)
            tell(`Role ${deleting.name} is deleted.`)
          }}
        >
          <p>It is taken from everybody who holds it, at once.</p>
        </Confirm>
      )}
    </>
  )
}

function Edit({ one, onClose }: { one: Role; onClose: (saved?: boolean) => void }) {
  const { data, error } = useQuery({ queryKey: ['roles', 'edit', one.role], queryFn: () => read(one.role), gcTime: 0, staleTime: Infinity })
  return (
    <Dialog open title={`Edit ${one.name}`} description="What it permits changes for everybody who holds it." onClose={() => onClose()}>
      {data ? (
        <EditThing
          began={data}
          read={() => read(one.role)}
          write={(tag, values) => ask(api.PATCH('/roles/{role}', { params: { path: { role: one.role }, header: { 'If-Match': tag } }, body: bodyOf(values) }))}
          valuesOf={({ name, description = '', scopes }) => ({ name, description, scopes: scopes.join('\n') })}
          entries={entries}
          verb="Save role"
          onCancel={() => onClose()}
          onDone={() => onClose(true)}
          asked={(values) => ({ method: 'PATCH', path: `/roles/${one.role}`, body: bodyOf(values), cli: `role edit ${one.role}${flagsOf({ name: values.name, ...flagged(values) })}`, go: ['ChangeRole', one.role] })}
        />
      ) : (
        <Waiting error={error} />
      )}
    </Dialog>
  )
}

function Holders({ role, onClose }: { role: Role; onClose: () => void }) {
  const query = useInfiniteQuery({ queryKey: ['role', role.role, 'holders'], queryFn: ({ pageParam }) => ask(api.GET('/roles/{role}/users', { params: { path: { role: role.role }, query: { cursor: pageParam } } })), ...paged })
  return (
    <Dialog open wide title={`Who holds ${role.name}`} onClose={onClose}>
      <List
        query={query}
        caption={`Users who hold ${role.name}`}
        rowKey={(one) => one.id}
        empty={<p className="text-soft">Nobody whom you may see.</p>}
        columns={[
          {
            name: 'User',
            always: true,
            cell: (one) => (
              <Link to="/directory/users/$user" params={{ user: one.user }} className="font-mono text-sm break-all underline underline-offset-2">
                {one.user}
              </Link>
            ),
          },
          { name: 'Over', always: true, cell: (one) => one.over },
        ]}
      />
    </Dialog>
  )
}
