import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { NewUser, PageUser, User } from '../../api/schema'
import { useMay } from '../../api/session'
import { useDialog, useFilters } from '../../ui/address'
import { StateBadge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Form, Select, TextField } from '../../ui/field'
import { Empty } from '../../ui/page'
import { Search } from '../../ui/search'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { NewThing, type Values } from '../parts/forms'
import { called, primaryAddress, usePopulations } from './person'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

type Status = User['status']

/** Finds a person by all of a user name or an address. A user name may look like an address, so that both are asked. */
export async function exactly(text: string, rest: { status?: Status; population?: string }): Promise<PageUser> {
  const found = await Promise.all([
    ask(api.GET('/users', { params: { query: { ...rest, user_name: text } } })),
    ...(text.includes('@') ? [ask(api.GET('/users', { params: { query: { ...rest, email: text } } }))] : []),
  ])
  return { items: [...new Map(found.flatMap(({ items }) => items).map((user) => [user.id, user])).values()] }
}

// What a person may be remembered by. An index of the directory finds each of them by its beginning, among a million as among ten.
const remembered = ['userName', 'emails.value', 'displayName', 'name.givenName', 'name.familyName']
const atMost = 100 // of each

/** Finds people by how a name or an address of theirs begins. cut says that there are more. */
async function beginning(text: string, { status, population }: { status?: Status; population?: string }): Promise<PageUser & { cut: boolean }> {
  const pages = await Promise.all(
    remembered.map((attribute) => ask(api.GET('/users', { params: { query: { filter: `${attribute} sw ${JSON.stringify(text)}`, population, limit: atMost } } }))),
  )
  const found = new Map(pages.flatMap(({ items }) => items).map((user) => [user.id, user]))
  return { items: [...found.values()].filter((user) => !status || user.status === status), cut: pages.some(({ next }) => next) }
}

/** The people of the environment, a page at a time. */
export function Users() {
  const [filters, setFilters] = useFilters()
  const may = useMay()
  const populations = usePopulations()
  const [making, setMaking, first] = useDialog('new', may('users:write'))
  const { search, filter, population } = filters
  const status = filters.status as Status | undefined
  const query = useInfiniteQuery({
    queryKey: ['users', search, filter, status, population],
    queryFn: async ({ pageParam }): Promise<PageUser & { cut?: boolean }> => (search ? beginning(search, { status, population }) : ask(api.GET('/users', { params: { query: { filter, status, population, cursor: pageParam } } }))),
    ...paged,
  })
  const make = may('users:write') && (
    <Button look="primary" data-key="c" onClick={() => setMaking(true)}>
      New user
    </Button>
  )
  const names = new Map(populations.map(({ id, name }) => [id, name]))
  const columns: Column<User>[] = [
    {
      name: 'Name',
      always: true,
      cell: (user) => (
        <Link to="/directory/users/$user" params={{ user: user.id }} className="font-semibold break-words underline underline-offset-2">
          {called(user)}
        </Link>
      ),
    },
    { name: 'User name', cell: (user) => <span className="break-all">{user.user_name}</span> },
    { name: 'Address', cell: (user) => <span className="break-all">{primaryAddress(user) ?? '–'}</span> },
    { name: 'State', always: true, cell: (user) => <PersonState user={user} /> },
    ...(names.size > 0 ? [{ name: 'Population', cell: (user: User) => names.get(user.population_id) ?? '–' }] : []),
    { name: 'Last sign-in', cell: (user) => <Time at={user.last_login_at} /> },
  ]
  const filtered = search || filter || status || population
  return (
    <>
      <Head title="Users" lead="The people who sign in, and what they may do." actions={make} />
      <div className="mb-4 flex flex-wrap items-end gap-3">
        <Search label="Find by the beginning of a name or address" placeholder="Name or address" value={search ?? ''} onChange={(text) => setFilters({ search: text, filter: undefined })} />
        <Select
          label="Status"
          value={status ?? ''}
          onChange={(e) => setFilters({ status: e.target.value, filter: undefined })}
          options={[['', 'Any'], ['active', 'Active'], ['staged', 'Staged'], ['unapproved', 'Waits for approval'], ['suspended', 'Suspended'], ['rejected', 'Rejected']]}
        />
        {populations.length > 0 && <Select label="Population" value={population ?? ''} onChange={(e) => setFilters({ population: e.target.value })} options={[['', 'Any'], ...populations.map(({ id, name }) => [id, name] as const)]} />}
      </div>
      <ScimFilter key={filter ?? ''} value={filter ?? ''} onChange={(text) => setFilters({ filter: text, search: undefined, status: undefined })} />
      <List
        query={query}
        columns={columns}
        rowKey={(user) => user.id}
        caption="List of users"
        empty={
          filtered ? (
            <p>No user is like that. Names and addresses are found by how they begin; what is in the middle is found with an expression such as <code>title co "captain"</code>.</p>
          ) : (
            <Empty title="No users yet" about="directory" action={make} command="counterfoil user create anna --email anna@example.com">
              Make one, invite somebody, or import a file.
            </Empty>
          )
        }
      />
      {query.data?.pages.some(({ cut }) => cut) && <p className="mt-4 text-center text-soft">There are more whose name begins like that. Type more of it.</p>}
      {making && <NewPerson first={first} onClose={() => setMaking(false)} />}
    </>
  )
}

/** The state in a word: one that keeps the person out, or what is asked of them next. */
export function PersonState({ user }: { user: User }) {
  return user.state.startsWith('password_') ? <StateBadge state={user.state.replaceAll('_', ' ')} /> : <StateBadge state={user.state} />
}

/** A filter in the language of SCIM. It is asked when it is whole, not at every key. */
function ScimFilter({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  return (
    <details open={value !== '' || undefined} className="mb-4">
      <summary className="w-fit cursor-pointer font-semibold">Filter with an expression</summary>
      <Form onSubmit={() => onChange(text.trim())} className="mt-2 flex flex-wrap items-end gap-3">
        <TextField className="min-w-0 flex-1" label="SCIM filter" hint={'Such as userName sw "an", title eq "Captain", or meta.created gt "2026-01-01T00:00:00Z" (RFC 7644).'} value={text} onChange={(e) => setText(e.target.value)} />
        <Button type="submit">Apply filter</Button>
        {value && <Button onClick={() => onChange('')}>Clear filter</Button>}
      </Form>
    </details>
  )
}

function bodyOf(values: Values): NewUser {
  const { user_name = '', email, given, family, display_name, population_id, status } = values
  return {
    user_name,
    ...(email && { emails: [{ value: email }] }),
    ...((given || family) && { name: { ...(given && { given_name: given }), ...(family && { family_name: family }) } }),
    ...(display_name && { display_name }),
    ...(population_id && { population_id }),
    ...(status && { status: status as NewUser['status'] }),
  }
}

function NewPerson({ first, onClose }: { first: string; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const populations = usePopulations()
  return (
    <NewThing
      title="New user"
      verb="Create user"
      first={{ user_name: first }}
      onClose={onClose}
      entries={[
        { name: 'user_name', label: 'User name', hint: 'What the person signs in with. An address will do.' },
        { name: 'email', label: 'Address', type: 'email', optional: true, hint: 'Where mail goes: links to activate and to reset.' },
        { name: 'given', label: 'Given name', optional: true },
        { name: 'family', label: 'Family name', optional: true },
        { name: 'display_name', label: 'Display name', optional: true },
        ...(populations.length > 1 ? [{ name: 'population_id', label: 'Population', options: [['', 'The default one'], ...populations.filter((one) => !one.default).map(({ id, name }) => [id, name] as const)] as const }] : []),
        { name: 'status', label: 'Status', options: [['', 'Active'], ['staged', 'Staged: until it is activated'], ['unapproved', 'Waits for approval'], ['suspended', 'Suspended']] },
      ]}
      asked={(values) => ({
        method: 'POST',
        path: '/users',
        body: bodyOf(values),
        cli: [`user create ${arg(values.user_name || 'NAME')}`, values.email && `--email ${arg(values.email)}`, values.given && `--given-name ${arg(values.given)}`, values.family && `--family-name ${arg(values.family)}`, values.display_name && `--display-name ${arg(values.display_name)}`, values.population_id && `--population ${values.population_id}`, values.status && `--status ${values.status}`].filter(Boolean).join(' '),
        go: ['CreateUser'],
      })}
      make={async (key, values) => {
        const made = await ask(api.POST('/users', { params: { header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
        void queries.invalidateQueries({ queryKey: ['users'] })
        void navigate({ to: '/directory/users/$user', params: { user: made.id } })
      }}
    />
  )
}
