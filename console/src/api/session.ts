import { useSuspenseQuery } from '@tanstack/react-query'
import { api, ask } from './client'

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: () => ask(api.GET('/session')),
  staleTime: 60_000,
}

/** Who is signed in, and what they may do. */
export const useSession = () => useSuspenseQuery(sessionQuery).data

/** Reports whether the person may do something somewhere: what they may not, screens do not offer. */
export function useMay() {
  const { scopes } = useSession()
  return (scope: string) => scopes.includes(scope)
}
