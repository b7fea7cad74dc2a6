import type { LinkProps } from '@tanstack/react-router'
import { AppWindow, BookLock, Cable, KeyRound, LayoutDashboard, type LucideIcon, Plug, Settings, ShieldCheck, Sparkles, Users, Webhook } from 'lucide-react'
import { useMemo } from 'react'
import { useSession } from '../api/session'

/** A place of the console. */
export type Place = {
  name: string
  to: LinkProps['to'] & string
  icon: LucideIcon
  /** Any of these lets a person in; without one the place is not shown. */
  scopes: readonly string[]
  /** Whether it is for those who own the organization or administer the environment. */
  administrators?: boolean
  /** The key after g that leads there. */
  key: string
}

/** The places, in the order of the menu. */
const places: readonly Place[] = [
  { name: 'Overview', to: '/', icon: LayoutDashboard, scopes: [], key: 'o' },
  { name: 'Applications', to: '/applications', icon: AppWindow, scopes: ['applications:read'], key: 'a' },
  { name: 'API credentials', to: '/api-credentials', icon: KeyRound, scopes: ['credentials:read'], administrators: true, key: 'c' },
  { name: 'Integration', to: '/integration/global', icon: Plug, scopes: ['credentials:read'], key: 'i' },
  { name: 'Directory', to: '/directory/users', icon: Users, scopes: ['users:read', 'groups:read'], key: 'u' },
  { name: 'Connect', to: '/connect/connections', icon: Cable, scopes: ['connections:read'], key: 'n' },
  { name: 'Tokens & keys', to: '/tokens', icon: ShieldCheck, scopes: [], key: 't' },
  { name: 'Webhooks', to: '/webhooks', icon: Webhook, scopes: ['webhooks:read'], key: 'w' },
  { name: 'Ledger', to: '/ledger', icon: BookLock, scopes: ['ledger:read'], key: 'l' },
  { name: 'Hygiene', to: '/hygiene', icon: Sparkles, scopes: ['credentials:read'], key: 'h' },
  { name: 'Settings', to: '/settings', icon: Settings, scopes: [], key: 's' },
]

/** The places that are open to somebody. */
export function usePlaces() {
  const { scopes, administrator } = useSession()
  return useMemo(() => places.filter((place) => (administrator || !place.administrators) && (place.scopes.length === 0 || place.scopes.some((scope) => scopes.includes(scope)))), [scopes, administrator])
}
