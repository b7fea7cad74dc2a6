import { useState } from 'react'
import type { Application, CredentialChange, Policy } from '../../api/schema'
import { Select, TextArea, TextField } from '../../ui/field'
import { onDay } from '../../ui/time'
import { within } from '../parts/expiry'
import { ScopeComparison } from './credential-compare'
import { choiceOf, everything, nothing, type ScopeChoice, ScopePicker, scopesOf, scopeWords, wrongChoice } from './credential-scopes'
import { flagsOf } from '../../ui/shell'

/** What dialogs need to know of where they are. */
export type Ground = { application: Application; /** Absent: the person may not read it, and the server says what it demands. */ policy?: Policy }

type Standing = { description: string; expires_at?: string; scopes?: string[]; networks: string[] }

const ends = [
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['180', 'In 180 days'],
  ['365', 'In 1 year'],
  ['730', 'In 2 years'],
  ['custom', 'On a day of your choice'],
  ['never', 'Never'],
] as const
const dayLong = 86_400_000

/** The ends that the policy allows. */
const offered = (policy: Policy | undefined, standing: Standing | undefined) => [
  ...(standing ? [['keep', standing.expires_at ? `As it is: ${onDay(standing.expires_at)}` : 'As it is: never'] as const] : []),
  ...within(policy, ends),
]

/** The description, life, scopes and networks of a credential in a form: of a new one, or of one that stands. */
export function useSettings({ application, policy }: Ground, standing?: Standing) {
  const [description, setDescription] = useState(standing?.description ?? '')
  const options = offered(policy, standing)
  const [term, setTerm] = useState<string>(standing ? 'keep' : (options.find(([value]) => value === '365') ?? options.at(-2) ?? options[0]!)[0])
  const [day, setDay] = useState('')
  const [scopes, setScopes] = useState<ScopeChoice>(standing ? choiceOf(standing.scopes) : policy?.default_secret_scopes === 'none' ? nothing : everything)
  const [networks, setNetworks] = useState((standing?.networks ?? []).join('\n'))
  // The time that counts is that of saving; the form needs only the day.
  const end = () => (term === 'never' ? undefined : term === 'keep' ? standing?.expires_at : term === 'custom' ? (day ? `${day}T23:59:59Z` : undefined) : new Date(Date.now() + Number(term) * dayLong).toISOString())
  const nets = networks.split(/[\s,]+/).filter(Boolean)
  const list = scopesOf(scopes)
  /** A body as flags; the days stand as they were chosen, since a line may be used later. */
  const flags = (body: CredentialChange) =>
    flagsOf({
      description: body.description ?? undefined,
      expires: body.expires_at === undefined ? undefined : body.expires_at === null ? 'never' : term === 'custom' ? body.expires_at : `${term}d`,
      scope: body.scopes?.join(','),
      network: body.networks?.length ? body.networks : undefined,
    }) + (body.networks?.length === 0 ? ' --any-network' : '')
  const expires_at = end()
  return {
    description,
    list,
    networks: nets,
    /** What keeps the form from being sent. */
    wrong: wrongChoice(scopes) ?? (term === 'custom' && !day ? 'choose the day on which it ends' : undefined),
    body: { ...(description && { description }), ...(expires_at && { expires_at }), scopes: list, ...(nets.length > 0 && { networks: nets }) },
    /** What of a credential that stands is to be changed. */
    change(from: Standing): CredentialChange {
      return {
        ...(description !== from.description && { description }),
        ...(term !== 'keep' && { expires_at: expires_at ?? null }),
        ...(list.join() !== scopesOf(choiceOf(from.scopes)).join() && { scopes: list }),
        ...(nets.join() !== from.networks.join() && { networks: nets }),
      }
    },
    /** Begins again with what somebody else wrote. */
    take(theirs: Standing) {
      setDescription(theirs.description)
      setTerm('keep')
      setScopes(choiceOf(theirs.scopes))
      setNetworks(theirs.networks.join('\n'))
    },
    flags,
    summary: `It ${scopeWords(scopes)}, ${nets.length > 0 ? `from ${nets.join(', ')} only` : 'from anywhere'}, ${expires_at ? `until ${onDay(expires_at)}` : 'without an end'}.`,
    fields: {
      description: <TextField name="description" label="Description" optional hint="Where it is used, to recognise it later." value={description} onChange={(e) => setDescription(e.target.value)} maxLength={200} />,
      expiry: (
        <>
          <Select
            name="expires_at"
            label="Expires"
            hint={policy?.max_expiry_days ? `The policy of this environment allows ${policy.max_expiry_days} days at most.` : undefined}
            value={term}
            onChange={(e) => setTerm(e.target.value)}
            options={options}
          />
          {term === 'custom' && <TextField type="date" label="Last day" value={day} min={new Date().toISOString().slice(0, 10)} onChange={(e) => setDay(e.target.value)} required />}
        </>
      ),
      scopes: (
        <>
          <ScopePicker value={scopes} onChange={setScopes} application={application.scopes} />
          <ScopeComparison value={scopes} application={application} />
        </>
      ),
      networks: <TextArea name="networks" label="Networks" optional mono rows={2} hint="Where it may be used from, such as 192.0.2.0/24, one a line. Empty: anywhere." value={networks} onChange={(e) => setNetworks(e.target.value)} />,
    },
  }
}

/** The fields that every kind has, in their order. */
export const known = ['description', 'expires_at', 'scopes', 'networks']
