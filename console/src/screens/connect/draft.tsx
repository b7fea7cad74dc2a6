import type { Connector, Provider, ProviderField } from '../../api/schema'
import { Group, Select, TextArea, TextField } from '../../ui/field'
import { emptyLimit, Limits, type LimitDraft, limitDraft, limitOf } from './limits'
import { linesOf } from './words'

/** A connector as a form holds it: lists are lines until they are sent. */
export type Draft = {
  title: string
  description: string
  docs: string
  presets: Record<string, string>
  scopes: string
  origins: string
  base_urls: string
  client_id: string
  client_secret: string
  limits: readonly LimitDraft[]
}

export const emptyDraft: Draft = { title: '', description: '', docs: '', presets: {}, scopes: '', origins: '', base_urls: '', client_id: '', client_secret: '', limits: [] }

export const draftOf = (one: Connector): Draft => ({
  title: one.title,
  description: one.description,
  docs: one.docs ?? '',
  presets: one.presets,
  scopes: one.scopes.join('\n'),
  origins: one.origins.join('\n'),
  base_urls: one.base_urls.join('\n'),
  client_id: one.client_id ?? '',
  client_secret: '',
  limits: one.limits.map(limitDraft),
})

/** What the API takes. */
export const valuesOf = (draft: Draft) => ({
  title: draft.title,
  description: draft.description,
  docs: draft.docs,
  presets: Object.fromEntries(Object.entries(draft.presets).filter(([, value]) => value)),
  scopes: linesOf(draft.scopes),
  origins: linesOf(draft.origins),
  base_urls: linesOf(draft.base_urls),
  client_id: draft.client_id,
  client_secret: draft.client_secret,
  limits: draft.limits.map(limitOf),
})

/** The names of the fields that say what is wrong with them themselves. */
export const known = (provider?: Provider) => ['title', 'description', 'docs', 'scopes', 'origins', 'base_urls', 'client_id', 'client_secret', ...(provider?.fields ?? []).map((field) => `presets.${field.name}`)]

/** The fields that making and changing a connector have in common. */
export function ConnectorFields({ draft, onChange, provider, existing }: { draft: Draft; onChange: (draft: Draft) => void; provider?: Provider; existing?: boolean }) {
  const type = (field: 'title' | 'description' | 'docs' | 'scopes' | 'origins' | 'base_urls' | 'client_id' | 'client_secret') => ({ name: field, value: draft[field], onChange: (e: { target: { value: string } }) => onChange({ ...draft, [field]: e.target.value }) })
  const presettable = (provider?.fields ?? []).filter((field) => !field.secret)
  const lines = 'One a line.'
  return (
    <>
      <TextField label="Title" optional hint={`What people read on the Connect page. ${provider ? `Without one: ${provider.display_name}.` : ''}`} {...type('title')} />
      <TextField label="Description" optional hint="For you and your colleagues." {...type('description')} />
      {presettable.length > 0 && (
        <Group label="Presets" hint="What you fill in here, whoever connects is not asked for." name="presets">
          <div className="grid gap-4 sm:grid-cols-2">
            {presettable.map((field) => (
              <Preset key={field.name} field={field} value={draft.presets[field.name] ?? ''} onChange={(value) => onChange({ ...draft, presets: { ...draft.presets, [field.name]: value } })} />
            ))}
          </div>
        </Group>
      )}
      {provider?.mode === 'authorization_code' && (
        <div className="grid gap-5 sm:grid-cols-2">
          <TextField label="Client ID at the provider" hint="People are sent there in its name to agree." {...type('client_id')} />
          <TextField label="Client secret at the provider" type="password" autoComplete="new-password" hint={existing ? 'Leave it empty to keep the one there is.' : 'It is sealed and never shown again.'} {...type('client_secret')} />
        </div>
      )}
      <details className="rounded-lg border border-line" open={existing}>
        <summary className="cursor-pointer px-4 py-2 font-semibold">Scopes, sites and the proxy</summary>
        <div className="space-y-5 px-4 pb-4">
          <TextArea label="Scopes" optional hint={`${lines} They are asked for in place of the provider's own.`} mono {...type('scopes')} />
          <TextArea label="Sites that may show the Connect page in a frame" optional hint={`${lines} Such as https://app.example.`} mono {...type('origins')} />
          <TextArea label="Further base URLs" optional hint={`${lines} Places beside the provider's own that the proxy may be told to send a request to.`} mono {...type('base_urls')} />
          <TextField label="Documentation" optional hint="An address that whoever connects is led to, in place of the provider's." {...type('docs')} />
          <Limits limits={draft.limits} onAdd={() => onChange({ ...draft, limits: [...draft.limits, emptyLimit()] })} onChange={(limits) => onChange({ ...draft, limits })} />
        </div>
      </details>
    </>
  )
}

function Preset({ field, value, onChange }: { field: ProviderField; value: string; onChange: (value: string) => void }) {
  const wired = { name: `presets.${field.name}`, label: field.title, optional: true, value, onChange: (e: { target: { value: string } }) => onChange(e.target.value) }
  if (field.choices?.length) return <Select {...wired} options={[['', 'Ask for it'], ...field.choices.map((choice) => [choice.value, choice.label] as const)]} />
  return <TextField {...wired} placeholder={field.default ?? field.example} />
}
