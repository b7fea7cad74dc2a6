import { Checkbox, Choices, Group } from '../../ui/field'
import { Popover } from '../../ui/popover'

/** What a credential may do: doors that it opens, and all or some of its application's permissions behind them. */
export type ScopeChoice = { families: readonly string[]; narrowed: boolean; permissions: readonly string[] }

const families = [
  { name: 'application', label: 'Application', hint: 'Reads and changes the configuration of its application.' },
  { name: 'application-users', label: 'Application Users', hint: 'Invitations, user management, passwords and forgotten passwords.' },
  { name: 'openid', label: 'OpenID', hint: 'Gets tokens: the OAuth and OpenID Connect endpoints.' },
] as const

const names: readonly string[] = families.map((f) => f.name)

export const everything: ScopeChoice = { families: names, narrowed: false, permissions: [] }
export const nothing: ScopeChoice = { families: [], narrowed: false, permissions: [] }

/** Reads what the API says of a credential; absent is everything. */
export function choiceOf(scopes?: readonly string[]): ScopeChoice {
  if (!scopes) return everything
  const permissions = scopes.filter((scope) => !names.includes(scope))
  return { families: scopes.filter((scope) => names.includes(scope)), narrowed: permissions.length > 0, permissions }
}

/** Writes it as the API takes it. Families alone leave all permissions, so everything is the three families. */
export const scopesOf = ({ families, narrowed, permissions }: ScopeChoice) => [...families, ...(narrowed && families.includes('openid') ? permissions : [])]

/** Why the choice cannot be meant, or nothing. */
export const wrongChoice = (choice: ScopeChoice) => (choice.families.includes('openid') && choice.narrowed && choice.permissions.length === 0 ? 'tick a permission, or leave it all of them' : undefined)

/** The choice in words. */
export function scopeWords(choice: ScopeChoice) {
  if (choice.families.length === 0) return 'opens nothing yet'
  const doors = families.filter((f) => choice.families.includes(f.name)).map((f) => f.label)
  const what = choice.families.includes('openid') ? (choice.narrowed ? ` with ${choice.permissions.join(', ') || 'no permission'}` : ' with all permissions of the application') : ''
  return `opens ${new Intl.ListFormat('en').format(doors)}${what}`
}

/** What people call an API family. */
export const familyName = (name: string) => families.find((family) => family.name === name)?.label ?? name

const flipped = (list: readonly string[], name: string) => (list.includes(name) ? list.filter((each) => each !== name) : [...list, name])

/** Ticks what a credential may do. */
export function ScopePicker({ value, onChange, application }: { value: ScopeChoice; onChange: (value: ScopeChoice) => void; /** What the application may do at most. */ application: readonly string[] }) {
  const all = [...new Set([...application, ...value.permissions])]
  return (
    <>
      <Group name="scopes" label="Scopes" hint="Tick only what it is for.">
        {families.map((family) => (
          <Checkbox key={family.name} label={family.label} hint={family.hint} checked={value.families.includes(family.name)} onChange={() => onChange({ ...value, families: flipped(value.families, family.name) })} />
        ))}
      </Group>
      {value.families.includes('openid') && all.length > 0 && (
        <Choices
          label="Permissions of its tokens"
          value={value.narrowed ? 'some' : 'all'}
          onChange={(how) => onChange({ ...value, narrowed: how === 'some' })}
          options={[
            { value: 'all', label: 'All that the application has, now and later' },
            { value: 'some', label: 'Only some' },
          ]}
        />
      )}
      {value.families.includes('openid') && value.narrowed && (
        <Group label="Only these permissions" error={wrongChoice(value)}>
          {all.map((scope) => (
            <Checkbox key={scope} label={<code className="font-mono">{scope}</code>} checked={value.permissions.includes(scope)} onChange={() => onChange({ ...value, permissions: flipped(value.permissions, scope) })} />
          ))}
        </Group>
      )}
    </>
  )
}

/** How many scopes, and which when that is asked. */
export function ScopeCount({ scopes, of }: { scopes?: readonly string[]; of: string }) {
  if (scopes?.length === 0) return <span className="text-soft">None</span>
  const label = scopes ? `${scopes.length} ${scopes.length === 1 ? 'scope' : 'scopes'}` : 'All'
  return (
    <Popover label={label} title={`What ${of} may do`}>
      {scopes ? (
        <ul className="list-disc space-y-1 pl-5">
          {scopes.map((scope) => (
            <li key={scope}>
              <code className="font-mono text-sm">{scope}</code>
            </li>
          ))}
        </ul>
      ) : (
        <p>All API families, and all permissions that the application has, now and later.</p>
      )}
    </Popover>
  )
}
