import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { useMay } from '../../api/session'
import { credentialKinds } from '../parts/kinds'
import { type Entry, nameOf } from './credential-kinds'

/** The credentials of an application to choose from, up to 200, and what each is called there. */
export function useCredentialChoice(application: string) {
  const may = useMay()
  const { data } = useQuery({
    queryKey: ['applications', application, 'credentials', 'choice'],
    queryFn: () => ask(api.GET('/applications/{application}/credentials', { params: { path: { application }, query: { limit: 200 } } })),
    enabled: may('credentials:read'),
  })
  const all: readonly Entry[] = data?.items ?? []
  return { all, options: all.map((one) => [one.id, `${credentialKinds[one.kind]} ${nameOf(one)}`] as const) }
}
