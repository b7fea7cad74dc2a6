import { useMemo } from 'react'
import { useSession } from '../api/session'
import { announce } from '../ui/announce'
import { signOut } from './menus'
import { chooseTheme, theme } from './theme'

/** Something to do that the palette lists: on a screen whose dialog a link opens, or here and now. */
export type Action = {
  name: string
  /** All of these are needed; what a person may not do is not offered. */
  scopes: readonly string[]
  administrators?: boolean
} & ({ to: string; search?: Record<string, string> } | { run: () => void })

const create = { new: '' }

const actions: readonly Action[] = [
  { name: 'New application', scopes: ['applications:read', 'applications:write'], to: '/applications', search: create },
  { name: 'New API credential pair', scopes: ['credentials:read', 'credentials:write'], administrators: true, to: '/api-credentials', search: create },
  { name: 'New user', scopes: ['users:read', 'users:write'], to: '/directory/users', search: create },
  { name: 'New group', scopes: ['groups:read', 'groups:write'], to: '/directory/groups', search: create },
  { name: 'Invite somebody', scopes: ['invitations:read', 'invitations:write'], to: '/directory/invitations', search: create },
  { name: 'New connection', scopes: ['connections:read', 'connections:write'], to: '/connect/connections', search: create },
  { name: 'New webhook', scopes: ['webhooks:read', 'webhooks:write', 'ledger:read'], to: '/webhooks', search: create },
  { name: 'Inspect a token', scopes: [], to: '/tokens/inspect' },
  { name: 'Verify the ledger', scopes: ['ledger:read'], to: '/ledger', search: { verify: '' } },
  { name: 'Rotate signing keys', scopes: ['keys:write'], to: '/tokens/keys', search: { rotate: '' } },
  { name: 'Switch theme: light or dark colours', scopes: [], run: switchTheme },
  { name: 'Sign out', scopes: [], run: signOut },
]

function switchTheme() {
  const next = theme() === 'dark' ? 'light' : 'dark'
  chooseTheme(next)
  announce(next === 'dark' ? 'Dark colours' : 'Light colours')
}

/** The actions that are open to somebody. */
export function useActions() {
  const { scopes, administrator } = useSession()
  return useMemo(() => actions.filter((action) => (administrator || !action.administrators) && action.scopes.every((scope) => scopes.includes(scope))), [scopes, administrator])
}
