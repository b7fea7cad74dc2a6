import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, askTagged } from '../../api/client'
import { failureOf } from '../../api/problem'
import { useMay } from '../../api/session'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Fact, Facts, PageHeader, Section, Waiting } from '../../ui/page'
import { Time } from '../../ui/time'
import { History } from '../parts/history'
import { useSaid } from '../parts/forms'
import { called, usePopulations } from './person'
import { StatusActions } from './useractions'
import { Factors } from './userfactors'
import { Password } from './userpassword'
import { EditProfile, ProfileFacts } from './userprofile'
import { Memberships, RolesOfUser } from './userroles'
import { PersonState } from './users'
import { Sessions } from './usersessions'

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
  if (isPending || error) {
    return (
      <>
        <PageHeader title="User" />
        {error ? <FailureBanner failure={failureOf(error)} /> : <Waiting lines={8} />}
      </>
    )
  }
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
          <EditProfile
            began={data}
            read={() => readUser(id)}
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
            <ProfileFacts user={user} />
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
      {may('sessions:read') && <Sessions user={user} tell={tell} />}
      {may('ledger:read') && (
        <Section title="History">
          <History of={{ subject: user.id }} caption={`What happened to ${called(user)}`} />
        </Section>
      )}
    </>
  )
}
