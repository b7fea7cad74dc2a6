import { useSuspenseQuery } from '@tanstack/react-query'
import { api, ask } from './client'
import type { SignedIn } from './schema'

type More = { environments: { id: string; name: string; slug: string; console_url: string; current: boolean }[]; help: { docs_url?: string; report_url?: string; ideas_url?: string } }

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: async () => ({ environments: [], help: {}, ...(await ask(api.GET('/session'))) }) as SignedIn & More,
  staleTime: 60_000,
}

/** Who is signed in, and what they may do. */
export const useSession = () => useSuspenseQuery(sessionQuery).data as SignedIn & More

/** Reports whether the person may do something somewhere: what they may not, screens do not offer. */
export function useMay() {
  const { scopes } = useSession()
  return (scope: string) => scopes.includes(scope)
}
