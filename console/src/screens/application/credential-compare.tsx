import { useState } from 'react'
import type { Application } from '../../api/schema'
import { Select } from '../../ui/field'
import { useCredentialChoice } from './credential-choice'
import { choiceOf, familyName, type ScopeChoice } from './credential-scopes'

/** All that a choice comes to. */
const reach = ({ families, narrowed, permissions }: ScopeChoice, application: Application) => [
  ...families.map(familyName),
  ...(families.includes('openid') ? (narrowed ? permissions : application.scopes) : []),
]

/** Says what a choice of scopes allows beyond those of another credential of the application, and what it does not. */
export function ScopeComparison({ value, application }: { value: ScopeChoice; application: Application }) {
  const { all, options } = useCredentialChoice(application.client_id)
  const [id, setId] = useState('')
  if (all.length === 0) return null
  const other = all.find((one) => one.id === id)
  const name = options.find(([value]) => value === id)?.[1]
  const [mine, theirs] = [reach(value, application), other ? reach(choiceOf(other.scopes), application) : []]
  const more = mine.filter((scope) => !theirs.includes(scope))
  const less = theirs.filter((scope) => !mine.includes(scope))
  return (
    <div className="space-y-2">
      <Select label="Compare with" optional value={id} onChange={(e) => setId(e.target.value)} options={[['', 'Nothing'], ...options]} />
      {other && (
        <p role="status" className="text-sm">
          {more.length + less.length === 0 && `As much as ${name}.`}
          {more.length > 0 && `More than ${name}: ${more.join(', ')}. `}
          {less.length > 0 && `${more.length > 0 ? 'Less' : `Less than ${name}`}: ${less.join(', ')}.`}
        </p>
      )}
    </div>
  )
}
