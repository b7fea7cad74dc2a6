import { Combobox } from '@base-ui/react/combobox'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, ask } from '../api/client'
import { type Failure, failureOf } from '../api/problem'
import type { SearchHit, SearchHits } from '../api/schema'
import { useMay, useSession } from '../api/session'
import { Banner, FailureBanner } from '../ui/banner'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { inputLook } from '../ui/field'
import { useActions } from './actions'
import { usePlaces } from './nav'

type Way = { to: string; params?: Record<string, string>; search?: Record<string, string> }

/** A line of the palette: where it leads, or what it does. */
type Line = { id: string; name: string; detail: string; go: Way | (() => void) }

const credentialWords = { secret: 'Secret', certificate: 'Certificate', jwt_key: 'JWT key', trust: 'Trust' }

// Any one of these lets the server search; it leaves out the kinds that the person may not read.
const kinds = ['applications:read', 'credentials:read', 'users:read', 'groups:read', 'connections:read']

const rest = 200 // milliseconds after the last key

/** Where a hit is shown. */
function wayTo(hit: SearchHit): Way {
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
 * Finds places, actions, applications, people, connections, and whose a pasted client id or secret is. The text goes to the server in a
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
  const mayDisable = useMay()('credentials:write')
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const meant = ({ name }: { name: string }) => words.every((word) => name.toLowerCase().includes(word))
  const found = (hits?.items ?? []).map((hit) => ({
    id: `${hit.kind} ${hit.id}`,
    name: hit.name || `${credentialWords[hit.credential_kind ?? 'secret']} ${hit.detail}…`,
    detail: [hit.kind, hit.name && hit.detail, !hit.enabled ? 'disabled' : hit.kind === 'credential' && mayDisable && 'open it to disable it'].filter(Boolean).join(' · '),
    go: wayTo(hit),
  }))
  const lines: Line[] = [
    ...usePlaces()
      .filter(meant)
      .map((place) => ({ id: place.to, name: place.name, detail: 'Place', go: { to: place.to } })),
    ...useActions()
      .filter(meant)
      .map((action) => ({ id: action.name, name: action.name, detail: 'Action', go: 'run' in action ? action.run : { to: action.to, search: action.search } })),
    ...found,
  ]
  const take = (line: Line) => {
    onDone()
    if (typeof line.go === 'function') line.go()
    else void go(line.go as Parameters<typeof go>[0])
  }
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
        if (line) take(line)
      }}
    >
      <Combobox.Input aria-label="Search" placeholder="A name, a client ID, an address, the beginning of a secret" autoComplete="off" spellCheck={false} className={inputLook} />
      <FailureBanner failure={failure} />
      {hits?.leaked && (
        <div className="mt-3">
          <Banner kind="warn" title="That is a whole secret">
            <p>If it was found where it should not be, open its credential and disable it there. This search did not write it down.</p>
            {found.map((line) => (
              <Button key={line.id} onClick={() => take(line)}>
                Open {line.name}
              </Button>
            ))}
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
