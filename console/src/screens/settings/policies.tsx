import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask, askTagged } from '../../api/client'
import type { Policy, PolicyCheck } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Checkbox, Form, Select, TextField } from '../../ui/field'
import { Section, Waiting } from '../../ui/page'
import { flagsOf } from '../../ui/shell'
import { ShowAs } from '../../ui/showas'
import { Begun } from '../parts/begun'
import { Conflict, useChange } from '../parts/conflict'
import { PasswordPolicy } from './passwords'
import { Head } from './tabs'

const read = () => askTagged(api.GET('/policy'))

/** What the environment demands of credentials and of passwords. */
export function Policies() {
  const { data, error } = useQuery({ queryKey: ['policy', 'tagged'], queryFn: read })
  return (
    <>
      <Head />
      <Section title="Credentials" lead="What is there stays as it is; the policy counts for what is made or changed from now on.">
        {data ? <Begun held={data}>{(began, settle) => <CredentialPolicy began={began} onSaved={settle} />}</Begun> : <Waiting lines={6} error={error} />}
      </Section>
      <PasswordPolicy />
    </>
  )
}

const names: Partial<Record<keyof Policy, string>> = {
  chosen_secrets: 'Chosen secrets',
  chosen_min_length: 'Shortest chosen secret',
  chosen_min_score: 'Weakest chosen secret',
  default_secret_scopes: 'Scopes of a new secret',
  limits: 'Limits',
  max_expiry_days: 'Longest validity',
  min_expiry_days: 'Shortest validity',
  on_leak: 'When a secret leaks',
  viewable_secrets: 'Viewable secrets',
}

function CredentialPolicy({ began, onSaved }: { began: { data: Policy; tag: string }; onSaved: () => void }) {
  const queries = useQueryClient()
  const may = useMay()
  const [policy, setPolicy] = useState(began.data)
  const [found, setFound] = useState<PolicyCheck>()
  const set = (change: Partial<Policy>) => {
    setPolicy({ ...policy, ...change })
    setFound(undefined)
  }
  const change = useChange({ began, read, write: (tag) => ask(api.PATCH('/policy', { params: { header: { 'If-Match': tag } }, body: policy })) })
  const check = useAction(() => ask(api.POST('/policy/check', { body: policy })))
  const done = (changed?: Policy) => {
    if (!changed) return
    announce('The policy is saved')
    onSaved()
    void queries.invalidateQueries({ queryKey: ['policy'] })
  }
  const days = (name: 'max_expiry_days' | 'min_expiry_days', label: string) => <TextField name={name} type="number" min={0} label={label} hint="Days; 0: no bound." value={policy[name]} onChange={(e) => set({ [name]: Number(e.target.value) })} />
  const limit = (name: keyof Policy['limits'], label: string) => (
    <TextField name={`limits.${name}`} type="number" min={1} label={label} value={policy.limits[name]} onChange={(e) => set({ limits: { ...policy.limits, [name]: Number(e.target.value) } })} />
  )
  const { limits, ...rest } = policy
  const flags = flagsOf({ ...rest, ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [`limit-${name}`, value])) })
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <div className="grid gap-5 sm:grid-cols-2">
        {days('max_expiry_days', 'Longest validity')}
        {days('min_expiry_days', 'Shortest validity')}
        <Select
          name="default_secret_scopes"
          label="Scopes of a new secret"
          hint="Which are ticked when one is made."
          value={policy.default_secret_scopes}
          onChange={(e) => set({ default_secret_scopes: e.target.value as Policy['default_secret_scopes'] })}
          options={[
            ['none', 'None'],
            ['all', 'All of its application'],
          ]}
        />
        <Select
          name="on_leak"
          label="When a secret is found in public"
          value={policy.on_leak}
          onChange={(e) => set({ on_leak: e.target.value as Policy['on_leak'] })}
          options={[
            ['notify', 'Say so'],
            ['lock', 'Lock the client'],
            ['rotate', 'Rotate the secret'],
          ]}
        />
        {limit('secrets', 'Secrets of an application, at most')}
        {limit('certificates', 'Certificates of an application, at most')}
        {limit('jwt_keys', 'JWT keys of an application, at most')}
        {limit('trusts', 'Trusts of an application, at most')}
      </div>
      <Checkbox label="Secrets of workers, pairs and the global credential can be seen again" hint="They are kept sealed then, and not only hashed." checked={policy.viewable_secrets} onChange={(e) => set({ viewable_secrets: e.target.checked })} />
      <Checkbox label="Administrators may choose secrets themselves" checked={policy.chosen_secrets} onChange={(e) => set({ chosen_secrets: e.target.checked })} />
      {policy.chosen_secrets && (
        <div className="grid gap-5 sm:grid-cols-2">
          <TextField name="chosen_min_length" type="number" label="Characters of a chosen secret, at least" value={policy.chosen_min_length} onChange={(e) => set({ chosen_min_length: Number(e.target.value) })} />
          <TextField name="chosen_min_score" type="number" min={0} max={4} label="Strength of a chosen secret, of 4, at least" value={policy.chosen_min_score} onChange={(e) => set({ chosen_min_score: Number(e.target.value) })} />
        </div>
      )}
      {found && (
        <Banner kind={found.total ? 'warn' : 'good'} title={found.total ? `${found.total} credentials would not be allowed any more` : 'Every credential would be allowed'}>
          {found.total > 0 && <p>They go on working until they end or are replaced.</p>}
        </Banner>
      )}
      <Conflict began={change.base.data} theirs={change.theirs?.data} mine={policy} names={names} onKeep={async () => done(await change.keepMine())} onTake={() => setPolicy(change.useTheirs() ?? policy)} />
      <FailureBanner failure={change.failure ?? check.failure} known={Object.keys(policy)} />
      <ShowAs asked={{ method: 'PATCH', path: '/policy', body: policy, cli: `policy set${flags}`, go: ['UpdatePolicy'] }} />
      {may('policy:write') && (
        <div className="flex gap-2">
          <Button type="submit" look="primary" busy={change.busy}>
            Save policy
          </Button>
          <Button busy={check.busy} onClick={async () => setFound(await check.run())}>
            What would it forbid?
          </Button>
        </div>
      )}
    </Form>
  )
}
