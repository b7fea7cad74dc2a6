import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { NewRoleAssignment, RoleAssignment, User } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Section, Waiting } from '../../ui/page'
import { Table } from '../../ui/table'
import { NewThing, type Values } from '../parts/forms'
import { called, usePopulations } from './person'

/** The groups that a person is in, and how it came into them. */
export function Memberships({ user }: { user: User }) {
  const { data, error } = useQuery({ queryKey: ['user', user.id, 'groups'], queryFn: () => ask(api.GET('/users/{user}/groups', { params: { path: { user: user.id } } })) })
  return (
    <Section title="Groups">
      {error && <FailureBanner failure={failureOf(error)} />}
      {!data && !error && <Waiting lines={1} />}
      {data?.items.length === 0 && <p className="text-soft">In no group. People are added on the page of a group.</p>}
      <ul className="space-y-1">
        {data?.items.map((one) => (
          <li key={one.id}>
            <Link to="/directory/groups/$group" params={{ group: one.id }} className="underline underline-offset-2">
              {one.name}
            </Link>{' '}
            <span className="text-soft">{one.dynamic ? 'by its filter' : one.direct ? 'added by hand' : 'through another group'}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

type Over = NonNullable<NewRoleAssignment['over']>

/** What a person may do as an administrator, and over what. */
export function RolesOfUser({ user, tell }: { user: User; tell: (text: string) => void }) {
  const may = useMay()
  const [granting, setGranting] = useState(false)
  const [taking, setTaking] = useState<RoleAssignment>()
  const populations = usePopulations()
  const { data, error } = useQuery({ queryKey: ['user', user.id, 'roles'], queryFn: () => ask(api.GET('/users/{user}/roles', { params: { path: { user: user.id } } })) })
  const take = useAction((_, assignment: string) => ask(api.DELETE('/users/{user}/roles/{assignment}', { params: { path: { user: user.id, assignment } } })))
  const place = (one: RoleAssignment) => (one.over === 'population' ? `population ${populations.find(({ id }) => id === one.scope_id)?.name ?? one.scope_id}` : one.over)
  return (
    <Section title="Roles" lead="A role permits things over the organization, the environment or one population." actions={may('roles:assign') && <Button onClick={() => setGranting(true)}>Assign role</Button>}>
      {error && <FailureBanner failure={failureOf(error)} />}
      {!data && !error && <Waiting lines={1} />}
      {data?.items.length === 0 && <p className="text-soft">No role: the person administers nothing.</p>}
      {data && data.items.length > 0 && (
        <Table
          caption={`Roles of ${called(user)}`}
          rows={data.items}
          rowKey={(one) => one.id}
          columns={[
            { name: 'Role', always: true, cell: (one) => one.name },
            { name: 'Over', always: true, cell: place },
            {
              name: <span className="sr-only">Actions</span>,
              always: true,
              end: true,
              cell: (one) =>
                may('roles:assign') && (
                  <Button look="danger" onClick={() => setTaking(one)}>
                    Remove {one.name}
                  </Button>
                ),
            },
          ]}
        />
      )}
      {granting && <Grant user={user} onClose={() => setGranting(false)} tell={tell} />}
      {taking && (
        <Confirm
          open
          onClose={() => setTaking(undefined)}
          title={`Remove the role ${taking.name}?`}
          verb={`Remove ${taking.name} from ${called(user)}`}
          busy={take.busy}
          failure={take.failure}
          onConfirm={async () => {
            if (!(await take.run(taking.id))) return
            setTaking(undefined)
            tell(`${called(user)} no longer has the role ${taking.name}.`)
          }}
        >
          <p>What only this role permits over the {place(taking)}, the person can do no longer, from the next request on.</p>
        </Confirm>
      )}
    </Section>
  )
}

function Grant({ user, onClose, tell }: { user: User; onClose: () => void; tell: (text: string) => void }) {
  const queries = useQueryClient()
  const populations = usePopulations()
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => ask(api.GET('/roles')) })
  const offered = (roles.data?.items ?? []).filter((one) => one.over.some((over) => over !== 'application'))
  const bodyOf = ({ role = '', place = 'environment' }: Values): NewRoleAssignment => {
    const [over, scope_id] = place.split(' ') as [Over, string?]
    return { role, over, ...(scope_id && { scope_id }) }
  }
  return (
    <NewThing
      title={`Assign a role to ${called(user)}`}
      verb="Assign role"
      first={{ place: 'environment' }}
      onClose={onClose}
      entries={[
        { name: 'role', label: 'Role', hint: 'You can give away only what you may do yourself.', options: [['', 'Choose …'], ...offered.map((one) => [one.role, one.name] as const)] },
        { name: 'place', label: 'Over', options: [['environment', 'This environment'], ['organization', 'The organization'], ...populations.map(({ id, name }) => [`population ${id}`, `Population ${name}`] as const)] },
      ]}
      asked={(values) => {
        const { over, role, scope_id } = bodyOf(values)
        return { method: 'POST', path: `/users/${user.id}/roles`, body: bodyOf(values), cli: `user role grant ${user.id} ${role || 'ROLE'} --over ${scope_id ? `${over}:${scope_id}` : over}`, go: ['GrantUserRole', user.id] }
      }}
      make={async (key, values) => {
        const made = await ask(api.POST('/users/{user}/roles', { params: { path: { user: user.id }, header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
        void queries.invalidateQueries({ queryKey: ['role'] })
        tell(`${called(user)} has the role ${made.name}.`)
      }}
    />
  )
}
