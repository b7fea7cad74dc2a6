import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Key } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { useDialog } from '../../ui/address'
import { announce } from '../../ui/announce'
import { Badge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, Select } from '../../ui/field'
import { MenuItem, RowMenu } from '../../ui/menu'
import { type Column, List, paged } from '../../ui/table'
import { ShowAs } from '../../ui/showas'
import { Time } from '../../ui/time'
import { reached } from '../parts/warning'
import { Head } from './tabs'

const algorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const
const states = { active: ['good', 'Signs'], next: ['plain', 'Next'], retired: ['warn', 'Still verifies'] } as const

/** The keys that sign tokens, and their rotation. */
export function SigningKeys() {
  const queries = useQueryClient()
  const may = useMay()
  const [rotating, setRotating] = useDialog('rotate', may('keys:write'))
  const [withdrawing, setWithdrawing] = useState<Key>()
  const [said, setSaid] = useState('')
  const query = useInfiniteQuery({
    queryKey: ['keys'],
    queryFn: ({ pageParam }) => ask(api.GET('/keys', { params: { query: { cursor: pageParam } } })),
    ...paged,
  })
  const withdraw = useAction((_, id: string) => ask(api.POST('/keys/{key}/withdraw', { params: { path: { key: id } } })))
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['keys'] })
  }
  const mayChange = may('keys:write')
  const columns: Column<Key>[] = [
    { name: 'Key ID', always: true, cell: (key) => <code className="font-mono break-all">{key.id}</code> },
    { name: 'Algorithm', always: true, cell: (key) => key.alg },
    {
      name: 'State',
      always: true,
      cell: (key) => {
        const [kind, words] = states[key.state]
        return <Badge kind={kind}>{words}</Badge>
      },
    },
    { name: 'Since', cell: (key) => <Time at={key.retired_at ?? key.activated_at ?? key.created_at} /> },
    {
      name: <span className="sr-only">Actions</span>,
      always: true,
      end: true,
      cell: (key) =>
        mayChange && (
          <RowMenu of={`key ${key.id}`}>
            <MenuItem danger onSelect={() => setWithdrawing(key)}>
              Withdraw
            </MenuItem>
          </RowMenu>
        ),
    },
  ]
  return (
    <>
      <Head />
      <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <p className="max-w-prose text-soft">Rotation signs with the next key, which verifiers know already; the one before goes on verifying until its last token has expired.</p>
        {mayChange && (
          <Button look="primary" data-key="c" onClick={() => setRotating(true)}>
            Rotate keys
          </Button>
        )}
      </div>
      <div className="mb-4 empty:hidden">{said && <Banner kind="good" title={said} />}</div>
      <List query={query} columns={columns} rowKey={(key) => key.id} caption="Signing keys" empty={<p>There are no keys.</p>} />
      {rotating && (
        <Rotate
          onClose={(text) => {
            setRotating(false)
            if (text) tell(text)
          }}
        />
      )}
      {withdrawing && (
        <Confirm
          open
          onClose={() => setWithdrawing(undefined)}
          title={`Withdraw key ${withdrawing.id}?`}
          verb="Withdraw key"
          typed={withdrawing.state === 'active' ? withdrawing.id : undefined}
          busy={withdraw.busy}
          failure={withdraw.failure}
          onConfirm={async () => {
            const done = await withdraw.run(withdrawing.id)
            if (!done) return
            setWithdrawing(undefined)
            tell(`The key is deleted, and its tokens are dead. ${reached(done.propagated)}`)
          }}
        >
          <p>For a key that somebody else may have: it is deleted at once, and with it every token that it signed. Programs must get new tokens.</p>
        </Confirm>
      )}
    </>
  )
}

function Rotate({ onClose }: { onClose: (said?: string) => void }) {
  const [alg, setAlg] = useState<(typeof algorithms)[number]>('ES256')
  const [force, setForce] = useState(false)
  const body = { alg, ...(force && { force }) }
  const { run, busy, failure } = useAction(() => ask(api.POST('/keys/rotate', { body })))
  return (
    <Dialog open title="Rotate keys" onClose={() => onClose()}>
      <Form
        failure={failure}
        onSubmit={async () => {
          const done = await run()
          if (done) onClose(`The next ${alg} key signs from now on. ${reached(done.propagated)}`)
        }}
      >
        <Select name="alg" label="Algorithm" value={alg} onChange={(e) => setAlg(e.target.value as typeof alg)} options={algorithms.map((a) => [a, a] as const)} />
        <Checkbox label="Rotate even if some verifiers may not know the next key yet" hint="They refuse tokens for up to 10 minutes. Only when the present key is in wrong hands." checked={force} onChange={(e) => setForce(e.target.checked)} />
        <FailureBanner failure={failure} known={['alg']} />
        <ShowAs asked={{ method: 'POST', path: '/keys/rotate', body, cli: `key rotate --alg ${alg}${force ? ' --force' : ''}`, go: `changes, err := c.RotateKeys(ctx, "${alg}", ${force})` }} />
        <DialogButtons>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Rotate {alg} key
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
