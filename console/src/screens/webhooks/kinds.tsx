import { Choices, TextArea, Group, Checkbox } from '../../ui/field'

/** The first words of kinds that most people ask for, each with what it tells of. */
const common = [
  ['credential', 'Secrets, certificates, keys and trusts: made, rotated, expiring, found in public'],
  ['application', 'Applications: made, changed, disabled, locked, given roles'],
  ['connection', 'Connections: made, failing, well again, used by somebody new'],
  ['user', 'People: made, changed, suspended, given roles'],
  ['role', 'Roles of your own: made, changed, deleted'],
  ['policy', 'Policies: changed'],
] as const

export type Kinds = { every: boolean; chosen: readonly string[] }

export const kindsOf = (kinds: readonly string[]): Kinds => ({ every: kinds.length === 0, chosen: kinds })

/** What the API takes: nothing is everything. */
export const kindList = ({ every, chosen }: Kinds): string[] => (every ? [] : chosen.map((kind) => kind.trim()).filter(Boolean))

export const kindFlags = (kinds: readonly string[]) => kinds.map((kind) => ` --kind ${kind}`).join('')

/** Chooses which events a webhook hears of. */
export function KindFields({ kinds, onChange }: { kinds: Kinds; onChange: (kinds: Kinds) => void }) {
  const words = common.map(([word]) => word as string)
  const others = kinds.chosen.filter((kind) => !words.includes(kind))
  return (
    <>
      <Choices
        label="What it hears of"
        value={kinds.every ? 'every' : 'some'}
        onChange={(value) => onChange({ ...kinds, every: value === 'every' })}
        options={[
          { value: 'every', label: 'Everything that the ledger says' },
          { value: 'some', label: 'Some kinds of events' },
        ]}
      />
      {!kinds.every && (
        <>
          <Group label="Kinds" name="kinds">
            {common.map(([word, meaning]) => (
              <Checkbox key={word} label={<code className="font-mono">{word}</code>} hint={meaning} checked={kinds.chosen.includes(word)} onChange={(e) => onChange({ ...kinds, chosen: e.target.checked ? [...kinds.chosen, word] : kinds.chosen.filter((kind) => kind !== word) })} />
            ))}
          </Group>
          <TextArea
            label="Others"
            optional
            hint="One a line: a whole kind such as credential.created, or its first word."
            mono
            value={others.join('\n')}
            onChange={(e) => onChange({ ...kinds, chosen: [...kinds.chosen.filter((kind) => words.includes(kind)), ...(e.target.value ? e.target.value.split('\n') : [])] })}
          />
        </>
      )}
    </>
  )
}

/** The kinds of a webhook in words. */
export const kindWords = (kinds: readonly string[]) => (kinds.length === 0 ? 'Everything' : kinds.join(', '))
