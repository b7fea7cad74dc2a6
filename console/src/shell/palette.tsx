import { Combobox } from '@base-ui/react/combobox'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, ask } from '../api/client'
import { type Failure, failureOf } from '../api/problem'
import type { SearchHit, SearchHits } from '../api/schema'
import { useSession } from '../api/session'
import { Banner, FailureBanner } from '../ui/banner'
import { Dialog } from '../ui/dialog'
import { inputLook } from '../ui/field'
import { usePlaces } from './nav'

/** A line of the palette. */
type Line = { id: string; name: string; detail: string; go: { to: string; params?: Record<string, string>; search?: Record<string, string> } }

const credentialWords = { secret: 'Secret', certificate: 'Certificate', jwt_key: 'JWT key', trust: 'Trust' }

// Any one of these lets the server search; it leaves out the kinds that the person may not read.
const kinds = ['applications:read', 'credentials:read', 'users:read', 'groups:read', 'connections:read']

const rest = 200 // milliseconds after the last key

/** Where a hit is shown. */
function wayTo(hit: SearchHit): Line['go'] {
  switch (hit.kind) {
    case 'application':
      return { to: '/applications/$application', params: { application: hit.id } }
    case 'credential':
      return { to: '/applications/$application/credentials', params: { application: hit.client_id ?? '' }, search: { open: hit.id } }
    case 'user':
      return { to: '/directory/users/$user', params: { user: hit.id } }
    case 'group':
      return { to: '/directory/groups/$group', params: { group: hit.id } }
    default:
      return { to: '/connect/connections/$connection', params: { connection: hit.id } }
  }
}

/**
 * Finds places, applications, people, connections, and whose a pasted client id or secret is. The text goes to the server in a
 * body and is kept nowhere: it is no part of a query's key, because people paste secrets.
 */
export function Palette({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        onOpen(true)
      }
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [onOpen])
  return (
    <Dialog open={open} onClose={() => onOpen(false)} title="Search or go to">
      <Finder onDone={() => onOpen(false)} />
    </Dialog>
  )
}

function Finder({ onDone }: { onDone: () => void }) {
  const go = useNavigate()
  const { scopes } = useSession()
  const [text, setText] = useState('')
  const { found: hits, failure } = useHits(
    text,
    kinds.some((scope) => scopes.includes(scope)),
  )
  const places = usePlaces()
  const lines: Line[] = [
    ...places
      .filter((place) => place.name.toLowerCase().includes(text.trim().toLowerCase()))
      .map((place) => ({ id: place.to, name: place.name, detail: 'Place', go: { to: place.to } })),
    ...(hits?.items ?? []).map((hit) => ({
      id: `${hit.kind} ${hit.id}`,
      name: hit.name || `${credentialWords[hit.credential_kind ?? 'secret']} ${hit.detail}…`,
      detail: [hit.kind, hit.name && hit.detail, !hit.enabled && 'disabled'].filter(Boolean).join(' · '),
      go: wayTo(hit),
    })),
  ]
  return (
    <Combobox.Root<Line>
      inline
      open
      items={lines}
      filter={null}
      autoHighlight
      itemToStringLabel={(line) => line.name}
      inputValue={text}
      onInputValueChange={(value, { reason }) => reason !== 'item-press' && setText(value)}
      onValueChange={(line) => {
        if (!line) return
        onDone()
        void go(line.go as Parameters<typeof go>[0])
      }}
    >
      <Combobox.Input aria-label="Search" placeholder="A name, a client ID, an address, the beginning of a secret" autoComplete="off" spellCheck={false} className={inputLook} />
      <FailureBanner failure={failure} />
      {hits?.leaked && (
        <div className="mt-3">
          <Banner kind="warn" title="That is a whole secret">
            <p>If it was found where it should not be, disable its credential, which is listed below. It was not written down by this search.</p>
          </Banner>
        </div>
      )}
      <Combobox.Empty className="mt-3 px-3 text-soft empty:hidden">Nothing is called so.</Combobox.Empty>
      <Combobox.List className="mt-3 max-h-96 overflow-y-auto">
        {(line: Line) => (
          <Combobox.Item key={line.id} value={line} className="flex cursor-pointer items-baseline justify-between gap-4 rounded-md px-3 py-1.5 data-highlighted:bg-line/60">
            <span className="min-w-0 truncate">{line.name}</span>
            <span className="shrink-0 text-sm text-soft">{line.detail}</span>
          </Combobox.Item>
        )}
      </Combobox.List>
    </Combobox.Root>
  )
}

/** What the server finds for a text, when the typing pauses. */
function useHits(text: string, may: boolean): { found?: SearchHits; failure?: Failure } {
  const [asked, setAsked] = useState({ text: '', time: 0 })
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ text: text.trim(), time: Date.now() }), rest)
    return () => clearTimeout(timer)
  }, [text])
  const { data, error } = useQuery({
    queryKey: ['search', asked.time], // not the text
    queryFn: () => ask(api.POST('/search', { body: { text: asked.text, limit: 10 } })),
    enabled: may && asked.text.length > 1,
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  return asked.text.length > 1 ? { found: data, failure: error ? failureOf(error) : undefined } : {}
}
