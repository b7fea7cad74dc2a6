import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Factor, User } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Section } from '../../ui/page'
import { type Shown, ShowOnce } from '../../ui/secret'
import { List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { KeepSecure } from '../parts/warning'
import { NewThing, type Values } from '../parts/forms'
import { called } from './person'
import { arg, flagsOf } from '../../ui/shell'

const kinds: Record<Factor['kind'], string> = { totp: 'Authenticator app', email: 'Code by mail', recovery: 'Recovery codes', passkey: 'Passkey' }

/** What a person proves itself with beside the password. */
export function Factors({ user, tell }: { user: User; tell: (text: string) => void }) {
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Factor>()
  const [renewing, setRenewing] = useState(false)
  const [shown, setShown] = useState<Shown>()
  const query = useInfiniteQuery({ queryKey: ['user', user.id, 'factors'], queryFn: ({ pageParam }) => ask(api.GET('/users/{user}/factors', { params: { path: { user: user.id }, query: { cursor: pageParam } } })), ...paged })
  const remove = useAction((_, factor: string) => ask(api.DELETE('/users/{user}/factors/{factor}', { params: { path: { user: user.id, factor } } })))
  const renew = useAction(() => ask(api.POST('/users/{user}/recovery-codes', { params: { path: { user: user.id } } })))
  const name = (one: Factor) => one.name || kinds[one.kind]
  return (
    <Section
      title="Factors"
      lead="What the person proves itself with beside the password."
      actions={
        may('factors:write') && (
          <>
            <Button onClick={() => setAdding(true)}>Add factor</Button>
            <Button onClick={() => setRenewing(true)}>New recovery codes</Button>
          </>
        )
      }
    >
      <List
        query={query}
        caption={`Factors of ${called(user)}`}
        rowKey={(one) => one.id}
        empty={<p className="text-soft">Only the password.</p>}
        columns={[
          { name: 'Name', always: true, cell: (one) => <>{name(one)}{one.address && <span className="block text-sm break-all text-soft">{one.address}</span>}</> },
          { name: 'Kind', cell: (one) => kinds[one.kind] },
          { name: 'State', always: true, cell: (one) => (one.kind === 'recovery' ? `${one.codes_left ?? 0} codes left` : one.confirmed ? <Badge kind="good">Confirmed</Badge> : <Badge>Waits for its first code</Badge>) },
          { name: 'Last used', cell: (one) => <Time at={one.last_used_at} /> },
          {
            name: <span className="sr-only">Actions</span>,
            always: true,
            end: true,
            cell: (one) =>
              may('factors:write') && (
                <Button look="danger" onClick={() => setRemoving(one)}>
                  Delete {name(one)}
                </Button>
              ),
          },
        ]}
      />
      {adding && <AddFactor user={user} tell={tell} onClose={() => setAdding(false)} onShown={setShown} />}
      {removing && (
        <Confirm
          open
          onClose={() => setRemoving(undefined)}
          title={`Delete ${name(removing)}?`}
          verb={`Delete ${name(removing)}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(removing.id))) return
            setRemoving(undefined)
            tell(`${name(removing)} is deleted.`)
          }}
        >
          <p>The person cannot prove itself with it any more. Without another factor, the password alone is asked for where policy lets it.</p>
        </Confirm>
      )}
      {renewing && (
        <Confirm
          open
          danger={false}
          onClose={() => setRenewing(false)}
          title="Make new recovery codes?"
          verb={`Make new recovery codes for ${called(user)}`}
          busy={renew.busy}
          failure={renew.failure}
          onConfirm={async () => {
            const made = await renew.run()
            if (!made) return
            setRenewing(false)
            tell('New recovery codes are made; those from before are void.')
            setShown({ title: `Recovery codes of ${called(user)}`, slug: 'recovery-codes', values: made.codes.map((value, i) => ({ name: `Code ${i + 1}`, variable: `CODE_${i + 1}`, value, secret: true })) })
          }}
        >
          <p>Ten codes are shown once. Those from before are void at once.</p>
        </Confirm>
      )}
      {shown && (
        <ShowOnce shown={shown} onDone={() => setShown(undefined)}>
          <KeepSecure />
        </ShowOnce>
      )}
      <FailureBanner failure={!renewing ? renew.failure : undefined} />
    </Section>
  )
}

function AddFactor({ user, tell, onClose, onShown }: { user: User; tell: (text: string) => void; onClose: () => void; onShown: (shown: Shown) => void }) {
  const bodyOf = ({ kind = 'totp', name, address }: Values) => ({ kind: kind as 'totp' | 'email', ...(name && { name }), ...(kind === 'email' && address && { address }) })
  return (
    <NewThing
      title={`Add a factor for ${called(user)}`}
      description="It counts from its first right code on."
      verb="Add factor"
      onClose={onClose}
      first={{ kind: 'totp' }}
      entries={[
        { name: 'kind', label: 'Kind', options: [['totp', 'Authenticator app: its secret is shown once'], ['email', 'Codes by mail']] },
        { name: 'name', label: 'Name', optional: true, hint: 'Such as the telephone that it is on.' },
        { name: 'address', label: 'Address', hint: 'For codes by mail: one of the person’s addresses.', options: [['', 'The primary one'], ...(user.emails ?? []).map(({ value }) => [value, value] as const)] },
      ]}
      asked={(values) => ({ method: 'POST', path: `/users/${user.id}/factors`, body: bodyOf(values), cli: `user factor enrol ${user.id}${values.kind === 'email' ? ` --email ${arg(values.address || user.emails?.[0]?.value || 'ADDRESS')}` : ''}${flagsOf({ name: values.name || undefined })}`, go: ['EnrolFactor', user.id] })}
      make={async (key, values) => {
        const made = await ask(api.POST('/users/{user}/factors', { params: { path: { user: user.id }, header: { 'Idempotency-Key': key } }, body: bodyOf(values) }))
        tell('The factor is added; it counts from its first right code on.')
        if (made.secret) {
          onShown({
            title: `Authenticator app of ${called(user)}`,
            slug: 'authenticator',
            values: [{ name: 'Secret', variable: 'TOTP_SECRET', value: made.secret, secret: true }, ...(made.otpauth_uri ? [{ name: 'Address for the app', variable: 'OTPAUTH_URI', value: made.otpauth_uri, secret: true }] : [])],
          })
        }
      }}
    />
  )
}
