import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import { Failure, failureOf } from '../../api/problem'
import type { Group as Set, Member } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Confirm } from '../../ui/dialog'
import { Form, TextField } from '../../ui/field'
import { Fact, Facts, PageHeader, Section, Waiting } from '../../ui/page'
import { List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { History } from '../parts/history'
import { EditThing, useSaid, type Values } from '../parts/forms'
import { groupEntries } from './groups'
import { exactly } from './users'
import { flagsOf } from '../../ui/shell'

const readGroup = (id: string) => askTagged(api.GET('/groups/{group}', { params: { path: { group: id } } }))
const valuesOf = (group: Set): Values => ({ name: group.name, description: group.description, filter: group.filter ?? '', external_id: group.external_id ?? '' })

/** One group: what it is, and who is in it. */
export function Group() {
  const { group: id = '' } = useParams({ strict: false })
  const queries = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const said = useSaid()
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const { data, error, isPending } = useQuery({ queryKey: ['group', id], queryFn: () => readGroup(id) })
  const remove = useAction(() => ask(api.DELETE('/groups/{group}', { params: { path: { group: id }, header: { 'If-Match': data?.tag } } })))
  if (isPending || error) {
    return (
      <>
        <PageHeader title="Group" />
        {error ? <FailureBanner failure={failureOf(error)} /> : <Waiting lines={8} />}
      </>
    )
  }
  const group = data.data
  const tell = (text: string) => {
    said.tell(text)
    for (const queryKey of [['group', id], ['groups'], ['ledger']]) void queries.invalidateQueries({ queryKey })
  }
  return (
    <>
      <PageHeader
        title={group.name}
        lead={
          <Link to="/directory/groups" className="underline underline-offset-2">
            All groups
          </Link>
        }
        actions={
          may('groups:write') && (
            <>
              {!editing && (
                <Button data-key="e" onClick={() => setEditing(true)}>
                  Edit group
                </Button>
              )}
              <Button look="danger" onClick={() => setDeleting(true)}>
                Delete group
              </Button>
            </>
          )
        }
      />
      {said.banner}
      <Section title="Group">
        {editing ? (
          <EditThing
            began={data}
            read={() => readGroup(id)}
            write={(tag, values) => ask(api.PATCH('/groups/{group}', { params: { path: { group: id }, header: { 'If-Match': tag } }, body: changed(group, values) }))}
            valuesOf={valuesOf}
            entries={groupEntries}
            verb="Save group"
            onCancel={() => setEditing(false)}
            onDone={() => {
              setEditing(false)
              tell('The group is saved.')
            }}
            asked={(values) => ({ method: 'PATCH', path: `/groups/${id}`, body: changed(group, values), cli: `group edit ${id}${flagsOf(changed(group, values))}`, go: ['UpdateGroup', id] })}
          />
        ) : (
          <Facts>
            <Fact name="ID">
              <Copied text={group.id} what="the id of the group" />
            </Fact>
            <Fact name="Description">{group.description || '–'}</Fact>
            {group.filter && (
              <Fact name="Filter">
                <code className="break-all">{group.filter}</code>
              </Fact>
            )}
            {group.external_id && <Fact name="External ID">{group.external_id}</Fact>}
            <Fact name="Made">
              <Time at={group.created_at} />
            </Fact>
          </Facts>
        )}
      </Section>
      <Members group={group} tell={tell} />
      {may('ledger:read') && (
        <Section title="History">
          <History of={{ subject: id }} caption={`What happened to ${group.name}`} />
        </Section>
      )}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(false)}
          title={`Delete ${group.name}?`}
          verb={`Delete group ${group.name}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run())) return
            void queries.invalidateQueries({ queryKey: ['groups'] })
            void navigate({ to: '/directory/groups' })
          }}
        >
          <p>Its members lose nothing but that they are in it.</p>
        </Confirm>
      )}
    </>
  )
}

const changed = (group: Set, values: Values) => Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== valuesOf(group)[name]))

function Members({ group, tell }: { group: Set; tell: (text: string) => void }) {
  const may = useMay()
  const [text, setText] = useState('')
  const query = useInfiniteQuery({ queryKey: ['group', group.id, 'members'], queryFn: ({ pageParam }) => ask(api.GET('/groups/{group}/members', { params: { path: { group: group.id }, query: { cursor: pageParam } } })), ...paged })
  const add = useAction(async () => {
    const wanted = text.trim()
    const [user] = (await exactly(wanted, {})).items
    const [inner] = user ? [] : (await ask(api.GET('/groups', { params: { query: { name: wanted } } }))).items
    const found = user ?? inner
    if (!found) throw new Failure({ status: 404, detail: `nobody has the user name or the address ${wanted}, and no group is called that` })
    await ask(api.POST('/groups/{group}/members', { params: { path: { group: group.id } }, body: { add: [{ id: found.id, kind: user ? 'user' : 'group' }] } }))
    return user?.user_name ?? inner?.name
  })
  const remove = useAction(async (_, one: Member) => {
    await ask(api.DELETE('/groups/{group}/members/{member}', { params: { path: { group: group.id, member: one.id } } }))
    return one
  })
  const mayChange = may('groups:write') && !group.filter
  return (
    <Section title="Members" lead={group.filter ? 'They follow from the filter of the group.' : undefined}>
      {mayChange && (
        <Form
          className="mb-4 flex flex-wrap items-end gap-3"
          onSubmit={async () => {
            const added = await add.run()
            if (!added) return
            setText('')
            tell(`${added} is in the group.`)
          }}
        >
          <TextField className="w-full max-w-sm" label="User name, address or name of a group" value={text} onChange={(e) => setText(e.target.value)} />
          <Button type="submit" busy={add.busy} disabled={!text.trim()}>
            Add member
          </Button>
        </Form>
      )}
      <FailureBanner failure={add.failure ?? remove.failure} />
      <List
        query={query}
        caption={`Members of ${group.name}`}
        rowKey={(one) => one.id}
        empty={<p className="text-soft">Nobody is in it.</p>}
        columns={[
          {
            name: 'Name',
            always: true,
            cell: (one) =>
              one.kind === 'user' ? (
                <Link to="/directory/users/$user" params={{ user: one.id }} className="underline underline-offset-2">
                  {one.name || one.id}
                </Link>
              ) : (
                <Link to="/directory/groups/$group" params={{ group: one.id }} className="underline underline-offset-2">
                  {one.name || one.id}
                </Link>
              ),
          },
          { name: 'Kind', cell: (one) => (one.kind === 'user' ? 'User' : 'Group') },
          {
            name: <span className="sr-only">Actions</span>,
            always: true,
            end: true,
            cell: (one) =>
              mayChange && (
                <Button
                  look="danger"
                  busy={remove.busy}
                  onClick={async () => (await remove.run(one)) && tell(`${one.name || one.id} is no longer in the group.`)}
                >
                  Remove {one.name || one.id}
                </Button>
              ),
          },
        ]}
      />
    </Section>
  )
}
