import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Application, NewRoleAssignment, RoleAssignment } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select } from '../../ui/field'
import { Empty, Section, Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Table } from '../../ui/table'

type Over = RoleAssignment['over']

const overs: Record<Over, string> = { organization: 'The organization', environment: 'This environment', population: 'A population', application: 'One application' }

/** The roles of a worker, each over something. */
export function Roles({ application }: { application: Application }) {
  const queries = useQueryClient()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const [taking, setTaking] = useState<RoleAssignment>()
  const path = { application: application.client_id }
  const { data, error } = useQuery({ queryKey: ['applications', application.client_id, 'roles'], queryFn: () => ask(api.GET('/applications/{application}/roles', { params: { path } })) })
  const things = useThings()
  const take = useAction((_, one: RoleAssignment) => ask(api.DELETE('/applications/{application}/roles/{assignment}', { params: { path: { ...path, assignment: one.id } } })))
  const add = may('roles:assign') && may('roles:read') && <Button onClick={() => setAdding(true)}>Add a role</Button>
  const over = (one: RoleAssignment) => (one.over === 'organization' || one.over === 'environment' ? overs[one.over] : `${one.over === 'population' ? 'Population' : 'Application'} ${things(one.over).find(([id]) => id === one.scope_id)?.[1] ?? one.scope_id}`)
  return (
    <Section title="Roles" lead="What this worker may do with Counterfoil, and over what." actions={add}>
      {error && <FailureBanner failure={failureOf(error)} />}
      {!data && !error && <Waiting />}
      {data && data.items.length === 0 && (
        <Empty title="No roles yet" about="permissions" command={`counterfoil role grant ${application.client_id} identity-data-read-only`}>
          Its tokens for the management API may do nothing.
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <Table
          rows={data.items}
          rowKey={(one) => one.id}
          caption="Roles of this worker"
          columns={[
            { name: 'Role', always: true, cell: (one) => <span className="font-semibold">{one.name}</span> },
            { name: 'Over', always: true, cell: over },
            {
              name: <span className="sr-only">Take it away</span>,
              always: true,
              end: true,
              cell: (one) =>
                may('roles:assign') && (
                  <Button look="danger" aria-label={`Remove role ${one.name}`} onClick={() => setTaking(one)}>
                    Remove
                  </Button>
                ),
            },
          ]}
        />
      )}
      {adding && (
        <AddRole
          application={application}
          onClose={(said) => {
            setAdding(false)
            if (said) announce(said)
          }}
        />
      )}
      {taking && (
        <Confirm
          open
          onClose={() => setTaking(undefined)}
          title={`Remove the role ${taking.name}?`}
          verb={`Remove role ${taking.name}`}
          busy={take.busy}
          failure={take.failure}
          onConfirm={async () => {
            if (!(await take.run(taking))) return
            setTaking(undefined)
            announce(`The role ${taking.name} is removed.`)
            void queries.invalidateQueries({ queryKey: ['applications', application.client_id] })
          }}
        >
          <p>
            {application.name} loses what it permits over: {over(taking)}. Its live tokens lose it at once.
          </p>
        </Confirm>
      )}
    </Section>
  )
}

/** What a role can be over, by id and name, as far as the person may see it. */
function useThings() {
  const may = useMay()
  const populations = useQuery({ queryKey: ['populations', 'choice'], queryFn: () => ask(api.GET('/populations', { params: { query: { limit: 200 } } })), enabled: may('populations:read') })
  const applications = useQuery({ queryKey: ['applications', 'choice'], queryFn: () => ask(api.GET('/applications', { params: { query: { limit: 200 } } })) })
  return (over: Over): (readonly [string, string])[] => {
    if (over === 'population') return (populations.data?.items ?? []).map((p) => [p.id, p.name] as const)
    if (over === 'application') return (applications.data?.items ?? []).map((a) => [a.client_id, a.name] as const)
    return []
  }
}

function AddRole({ application, onClose }: { application: Application; onClose: (said?: string) => void }) {
  const queries = useQueryClient()
  const things = useThings()
  const [role, setRole] = useState('')
  const [over, setOver] = useState<Over>('environment')
  const [thing, setThing] = useState('')
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => ask(api.GET('/roles')) })
  const chosen = roles.data?.items.find((r) => r.role === role)
  const single = over === 'population' || over === 'application'
  const body: NewRoleAssignment = { role, over, ...(single && thing && { scope_id: thing }) }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/applications/{application}/roles', { params: { path: { application: application.client_id }, header: { 'Idempotency-Key': key } }, body })))
  const choose = (next: string) => {
    setRole(next)
    const possible = roles.data?.items.find((r) => r.role === next)?.over ?? []
    if (possible.length > 0 && !possible.includes(over)) setOver(possible[possible.length - 1] as Over)
  }
  const save = async () => {
    const made = await run()
    if (!made) return
    void queries.invalidateQueries({ queryKey: ['applications', application.client_id] })
    onClose(`${application.name} has the role ${made.name}.`)
  }
  const overFlag = over === 'environment' ? '' : ` --over ${single ? `${over}:${thing || 'ID'}` : over}`
  return (
    <Dialog open title={`Add a role to ${application.name}`} onClose={() => onClose()}>
      <Form failure={failure} onSubmit={save}>
        <Select name="role" label="Role" hint={chosen?.description} value={role} onChange={(e) => choose(e.target.value)} options={[['', 'Choose …'], ...(roles.data?.items ?? []).map((r) => [r.role, r.name] as const)]} />
        <Select name="over" label="Over" hint="You can give only what you hold over the same yourself." value={over} onChange={(e) => (setOver(e.target.value as Over), setThing(''))} options={((chosen?.over ?? Object.keys(overs)) as Over[]).map((o) => [o, overs[o]] as const)} />
        {single && <Select name="scope_id" label={over === 'population' ? 'Population' : 'Application'} value={thing} onChange={(e) => setThing(e.target.value)} options={[['', 'Choose …'], ...things(over)]} />}
        {chosen && (
          <details>
            <summary className="w-fit cursor-pointer text-sm text-soft">What it permits: {chosen.scopes.length} scopes</summary>
            <p className="mt-2 font-mono text-sm">{chosen.scopes.join(', ')}</p>
          </details>
        )}
        <FailureBanner failure={failure} known={['role', 'over', 'scope_id']} />
        <ShowAs
          asked={{
            method: 'POST',
            path: `/applications/${application.client_id}/roles`,
            body,
            cli: `role grant ${application.client_id} ${role || 'ROLE'}${overFlag}`,
            go: ['GrantRole', application.client_id],
          }}
        />
        <DialogButtons>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Add role
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
