import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { PasswordPolicy as Demands } from '../../api/schema'
import { useMay } from '../../api/session'
import { announce } from '../../ui/announce'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Checkbox, Form, TextField } from '../../ui/field'
import { Section, Waiting } from '../../ui/page'
import { flagsOf } from '../../ui/shell'
import { ShowAs } from '../../ui/showas'
import { Begun } from '../parts/begun'
import { Conflict, useChange } from '../parts/conflict'

const read = () => askTagged(api.GET('/password-policy'))

const numbers = [
  ['min_length', 'Characters, at least'],
  ['min_score', 'Strength, of 4, at least'],
  ['min_classes', 'Kinds of characters, at least'],
  ['history', 'Former passwords that are refused'],
  ['max_failures', 'Wrong ones in a row before the user is locked'],
  ['lock_minutes', 'Minutes of such a lock'],
  ['min_age_hours', 'Hours before it may be changed again'],
  ['max_age_days', 'Days after which it must be changed; 0: never'],
] as const

/** What is demanded of people's passwords. */
export function PasswordPolicy() {
  const { data, error } = useQuery({ queryKey: ['password-policy'], queryFn: read })
  return (
    <Section title="Passwords of people" lead="Passwords that are there stay; the policy counts for new ones.">
      {data ? <Begun held={data}>{(began, settle) => <Demand began={began} onSaved={settle} />}</Begun> : <Waiting lines={6} error={error} />}
    </Section>
  )
}

function Demand({ began, onSaved }: { began: { data: Demands; tag: string }; onSaved: () => void }) {
  const queries = useQueryClient()
  const may = useMay()
  const [policy, setPolicy] = useState(began.data)
  const set = (change: Partial<Demands>) => setPolicy({ ...policy, ...change })
  const change = useChange({ began, read, write: (tag) => ask(api.PATCH('/password-policy', { params: { header: { 'If-Match': tag } }, body: policy })) })
  const done = (changed?: Demands) => {
    if (!changed) return
    announce('The password policy is saved')
    onSaved()
    void queries.invalidateQueries({ queryKey: ['password-policy'] })
  }
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <div className="grid gap-5 sm:grid-cols-2">
        {numbers.map(([name, label]) => (
          <TextField key={name} name={name} type="number" min={0} label={label} value={policy[name]} onChange={(e) => set({ [name]: Number(e.target.value) })} />
        ))}
      </div>
      <Checkbox label="Passwords from known breaches are allowed" checked={policy.allow_breached} onChange={(e) => set({ allow_breached: e.target.checked })} />
      <Checkbox label="Passwords made of the person's own names are allowed" checked={policy.allow_personal_words} onChange={(e) => set({ allow_personal_words: e.target.checked })} />
      <Conflict began={change.base.data} theirs={change.theirs?.data} mine={policy} names={Object.fromEntries(numbers)} onKeep={async () => done(await change.keepMine())} onTake={() => setPolicy(change.useTheirs() ?? policy)} />
      <FailureBanner failure={change.failure} known={Object.keys(policy)} />
      <ShowAs asked={{ method: 'PATCH', path: '/password-policy', body: policy, cli: `passwords policy set${flagsOf(policy)}`, go: ['UpdatePasswordPolicy'] }} />
      {may('policy:write') && (
        <Button type="submit" look="primary" busy={change.busy}>
          Save password policy
        </Button>
      )}
    </Form>
  )
}
