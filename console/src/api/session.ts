import { useSuspenseQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { api, ask } from './client'

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: () => ask(api.GET('/session')),
  staleTime: 60_000,
}

/** Who is signed in, and what they may do. */
export const useSession = () => useSuspenseQuery(sessionQuery).data

/** What the person may do elsewhere, but not to the thing that the screens inside are about. */
export const Withheld = createContext<readonly string[]>([])

/** Reports whether the person may do something somewhere: what they may not, screens do not offer. */
export function useMay() {
  const { scopes } = useSession()
  const withheld = useContext(Withheld)
  return (scope: string) => scopes.includes(scope) && !withheld.includes(scope)
}
