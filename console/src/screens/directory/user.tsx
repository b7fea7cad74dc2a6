import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { User as Person, UserChange } from '../../api/schema'
import { useMay } from '../../api/session'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Fact, Facts, PageHeader, Section, Waiting } from '../../ui/page'
import { Time } from '../../ui/time'
import { History } from '../parts/history'
import { EditThing, type Entry, useSaid, type Values } from './forms'
import { called, primaryAddress, usePopulations } from './person'
import { StatusActions } from './useractions'
import { Factors } from './userfactors'
import { Password } from './userpassword'
import { Memberships, RolesOfUser } from './userroles'
import { PersonState } from './users'
import { arg } from '../../ui/shell'

const readUser = (id: string) => askTagged(api.GET('/users/{user}', { params: { path: { user: id } } }))

/** One person: who it is, what state it is in, what it may do and how it proves itself. */
export function User() {
  const { user: id = '' } = useParams({ strict: false })
  const queries = useQueryClient()
  const may = useMay()
  const said = useSaid()
  const [editing, setEditing] = useState(false)
  const { data, error, isPending } = useQuery({ queryKey: ['user', id], queryFn: () => readUser(id) })
  const populations = usePopulations()
  if (isPending) return <Waiting lines={8} />
  if (error) return <FailureBanner failure={failureOf(error)} />
  const user = data.data
  const tell = (text: string) => {
    said.tell(text)
    for (const queryKey of [['user', id], ['users'], ['ledger']]) void queries.invalidateQueries({ queryKey })
  }
  return (
    <>
      <PageHeader
        title={called(user)}
        badges={<PersonState user={user} />}
        lead={
          <Link to="/directory/users" className="underline underline-offset-2">
            All users
          </Link>
        }
      />
      {said.banner}
      <Section
        title="Profile"
        actions={
          may('users:write') &&
          !editing && (
            <Button data-key="e" onClick={() => setEditing(true)}>
              Edit profile
            </Button>
          )
        }
      >
        {editing ? (
          <Profile
            began={data}
            onCancel={() => setEditing(false)}
            onDone={() => {
              setEditing(false)
              tell('The profile is saved.')
            }}
          />
        ) : (
          <Facts>
            <Fact name="User name">
              <Copied text={user.user_name} what="the user name" />
            </Fact>
            <Fact name="ID">
              <Copied text={user.id} what="the id of the user" />
            </Fact>
            <Fact name="Addresses">{(user.emails ?? []).map(({ value, verified }) => `${value}${verified ? ' (verified)' : ''}`).join(', ') || '–'}</Fact>
            {profile.slice(2).map(({ name, label }) => {
              const value = valuesOf(user)[name]
              return value ? <Fact key={name} name={label}>{value}</Fact> : null
            })}
            <Fact name="Population">{populations.find((one) => one.id === user.population_id)?.name ?? user.population_id}</Fact>
            <Fact name="Made">
              <Time at={user.created_at} />
            </Fact>
            <Fact name="Last sign-in">
              <Time at={user.last_login_at} />
            </Fact>
          </Facts>
        )}
      </Section>
      <StatusActions user={user} tag={data.tag} tell={tell} />
      <Password user={user} tell={tell} />
      {may('groups:read') && <Memberships user={user} />}
      {may('roles:read') && <RolesOfUser user={user} tell={tell} />}
      {may('factors:read') && <Factors user={user} tell={tell} />}
      {may('ledger:read') && (
        <Section title="History">
          <History of={{ subject: user.id }} caption={`What happened to ${called(user)}`} />
        </Section>
      )}
    </>
  )
}

const profile: readonly Entry[] = [
  { name: 'user_name', label: 'User name', hint: 'The person signs in with it from now on.' },
  { name: 'email', label: 'Primary address', type: 'email', optional: true, hint: 'A new one is not verified until the person has followed a link there.' },
  { name: 'given_name', label: 'Given name', optional: true },
  { name: 'family_name', label: 'Family name', optional: true },
  { name: 'display_name', label: 'Display name', optional: true },
  { name: 'title', label: 'Title', optional: true },
  { name: 'department', label: 'Department', optional: true },
  { name: 'employee_number', label: 'Employee number', optional: true },
  { name: 'external_id', label: 'External ID', optional: true, hint: 'What another system calls the person.' },
  { name: 'preferred_language', label: 'Language of mails', optional: true, hint: 'Such as de.' },
]

const valuesOf = (user: Person): Values => ({
  user_name: user.user_name,
  email: primaryAddress(user) ?? '',
  given_name: user.name?.given_name ?? '',
  family_name: user.name?.family_name ?? '',
  display_name: user.display_name ?? '',
  title: user.title ?? '',
  department: user.enterprise?.department ?? '',
  employee_number: user.enterprise?.employee_number ?? '',
  external_id: user.external_id ?? '',
  preferred_language: user.preferred_language ?? '',
})

/** Only what differs is sent: who may change a title may not always change an address. */
function changeOf(user: Person, values: Values): UserChange {
  const before = valuesOf(user)
  const differs = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== before[name]))
  const { email, given_name, family_name, department, employee_number, ...rest } = differs
  const others = (user.emails ?? []).filter(({ value }) => value !== before.email && value !== email).map((one) => ({ ...one, primary: false }))
  return {
    ...rest,
    ...(email !== undefined && { emails: email ? [{ value: email, primary: true }, ...others] : others }),
    ...((given_name !== undefined || family_name !== undefined) && { name: { given_name, family_name } }),
    ...((department !== undefined || employee_number !== undefined) && { enterprise: { department, employee_number } }),
  }
}

const flags: Values = { user_name: 'user-name', email: 'email', preferred_language: 'language' }

function Profile({ began, onDone, onCancel }: { began: { data: Person; tag: string }; onDone: () => void; onCancel: () => void }) {
  const id = began.data.id
  return (
    <EditThing
      began={began}
      read={() => readUser(id)}
      write={(tag, values) => ask(api.PATCH('/users/{user}', { params: { path: { user: id }, header: { 'If-Match': tag } }, body: changeOf(began.data, values) }))}
      valuesOf={valuesOf}
      entries={profile}
      verb="Save profile"
      onDone={onDone}
      onCancel={onCancel}
      asked={(values) => ({
        method: 'PATCH',
        path: `/users/${id}`,
        body: changeOf(began.data, values),
        cli: [`user edit ${id}`, ...Object.entries(values).flatMap(([name, value]) => (value === valuesOf(began.data)[name] ? [] : [`--${flags[name] ?? name.replaceAll('_', '-')} ${value ? arg(value) : "''"}`]))].join(' '),
        go: `changed, err := c.UpdateUser(ctx, "${id}", client.UserChange{…})`,
      })}
    />
  )
}
