import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import type { User } from '../../api/schema'
import { useMay } from '../../api/session'

/** What a person is called where there is room for one name. */
export const called = (user: User) => user.display_name || [user.name?.given_name, user.name?.family_name].filter(Boolean).join(' ') || user.user_name

export const primaryAddress = (user: User) => (user.emails?.find((one) => one.primary) ?? user.emails?.[0])?.value

/** The populations, for a choice: there are few. */
export function usePopulations() {
  const may = useMay()
  const { data } = useQuery({
    queryKey: ['populations', 'choice'],
    queryFn: () => ask(api.GET('/populations', { params: { query: { limit: 200 } } })),
    enabled: may('populations:read'),
  })
  return data?.items ?? []
}

/** Words for the states of a person; those of the badge that are missing there. */
export const passwordWords: Record<User['password_state'], string> = {
  none: 'None: the person cannot sign in with one',
  pending: 'Waits to be chosen with the link that was mailed',
  set: 'Set',
  expired: 'Expired: a new one is asked for at sign-in',
  reset_required: 'Temporary: a new one is asked for at sign-in',
}
