import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Invitation, NewInvitation } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { useDialog } from '../../ui/address'
import { Badge, type BadgeKind } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Empty } from '../../ui/page'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { filled, NewThing, useSaid, type Values } from '../parts/forms'
import { usePopulations } from './person'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

const states: Record<Invitation['state'], [BadgeKind, string]> = { pending: ['plain', 'Waits'], accepted: ['good', 'Accepted'], withdrawn: ['plain', 'Withdrawn'], expired: ['warn', 'Expired'] }

/** Who was asked in by mail, and what became of it. */
export function Invitations() {
  const may = useMay()
  const queries = useQueryClient()
  const said = useSaid()
  const [inviting, setInviting, first] = useDialog('new', may('invitations:write'))
  const [deleting, setDeleting] = useState<Invitation>()
  const query = useInfiniteQuery({ queryKey: ['invitations'], queryFn: ({ pageParam }) => ask(api.GET('/invitations', { params: { query: { cursor: pageParam } } })), ...paged })
  const tell = (text: string) => {
    said.tell(text)
    void queries.invalidateQueries({ queryKey: ['invitations'] })
  }
  const withdraw = useAction((_, id: string) => ask(api.DELETE('/invitations/{invitation}', { params: { path: { invitation: id } } })))
  const again = useAction((key, one: Invitation) =>
    ask(api.POST('/invitations', { params: { header: { 'Idempotency-Key': key } }, body: { user: one.user, email: one.email, language: one.language, ...(one.application && { application: one.application }), ...(one.target_url && { target_url: one.target_url }), ...(one.inviter && { inviter: one.inviter }) } })),
  )
  const invite = may('invitations:write') && (
    <Button look="primary" data-key="c" onClick={() => setInviting(true)}>
      Invite somebody
    </Button>
  )
  const columns: Column<Invitation>[] = [
    {
      name: 'Address',
      always: true,
      cell: (one) => (
        <Link to="/directory/users/$user" params={{ user: one.user }} className="font-semibold break-all underline underline-offset-2">
          {one.email}
        </Link>
      ),
    },
    { name: 'State', always: true, cell: (one) => <Badge kind={states[one.state][0]}>{states[one.state][1]}</Badge> },
    { name: 'Sent', cell: (one) => <Time at={one.created_at} /> },
    { name: 'Link works until', cell: (one) => <Time at={one.expires_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (one) =>
        may('invitations:write') &&
        one.state !== 'accepted' && (
          <RowMenu of={one.email}>
            <MenuItem onSelect={async () => (await again.run(one)) && tell(`${one.email} is invited again, with a new link.`)}>Invite again</MenuItem>
            {one.state === 'pending' && (
              <MenuItem danger onSelect={() => setDeleting(one)}>
                Withdraw
              </MenuItem>
            )}
          </RowMenu>
        ),
    },
  ]
  return (
    <>
      <Head title="Invitations" lead="A link by mail with which somebody becomes a user." actions={invite} />
      {said.banner}
      <FailureBanner failure={again.failure} />
      <List
        query={query}
        columns={columns}
        rowKey={(one) => one.id}
        caption="List of invitations"
        empty={
          <Empty title="Nobody is invited" about="directory" action={invite} command="counterfoil invitation create anna@example.com">
            The person chooses the password with the link of the letter.
          </Empty>
        }
      />
      {inviting && <Invite first={first} tell={tell} onClose={() => setInviting(false)} />}
      {deleting && (
        <Confirm
          open
          onClose={() => setDeleting(undefined)}
          title={`Withdraw the invitation of ${deleting.email}?`}
          verb={`Withdraw the invitation of ${deleting.email}`}
          busy={withdraw.busy}
          failure={withdraw.failure}
          onConfirm={async () => {
            if (!(await withdraw.run(deleting.id))) return
            setDeleting(undefined)
            tell(`The link that ${deleting.email} has is dead.`)
          }}
        >
          <p>The link of the letter is dead at once. The user that was made for it stays.</p>
        </Confirm>
      )}
    </>
  )
}

function Invite({ first, tell, onClose }: { first: string; tell: (text: string) => void; onClose: () => void }) {
  const may = useMay()
  const populations = usePopulations()
  const applications = useQuery({ queryKey: ['applications', 'choice'], queryFn: () => ask(api.GET('/applications', { params: { query: { limit: 200 } } })), enabled: may('applications:read') })
  const flags: Values = { application: 'app', population_id: 'population' }
  return (
    <NewThing
      title="Invite somebody"
      verb="Send invitation"
      first={{ email: first }}
      onClose={onClose}
      entries={[
        { name: 'email', label: 'Address', type: 'email' },
        { name: 'given_name', label: 'Given name', optional: true },
        { name: 'family_name', label: 'Family name', optional: true },
        { name: 'application', label: 'Application', hint: 'What the person is let into.', options: [['', 'None'], ...(applications.data?.items ?? []).map((one) => [one.client_id, one.name] as const)] },
        { name: 'population_id', label: 'Population', options: [['', 'The default one'], ...populations.filter((one) => !one.default).map(({ id, name }) => [id, name] as const)] },
        { name: 'inviter', label: 'Who invites', optional: true, hint: 'For the letter.' },
        { name: 'language', label: 'Language of the letter', optional: true, hint: 'Such as de.' },
      ]}
      asked={(values) => {
        const { email, ...rest } = filled(values)
        return { method: 'POST', path: '/invitations', body: filled(values), cli: [`invitation create ${arg(email ?? 'ADDRESS')}`, ...Object.entries(rest).map(([name, value]) => `--${flags[name] ?? name.replaceAll('_', '-')} ${arg(value)}`)].join(' '), go: ['Invite'] }
      }}
      make={async (key, values) => {
        const made = await ask(api.POST('/invitations', { params: { header: { 'Idempotency-Key': key } }, body: filled(values) as NewInvitation }))
        tell(`${made.email} is invited.`)
      }}
    />
  )
}
