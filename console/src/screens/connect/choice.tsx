import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { ButtonLink } from '../../ui/button'

/** The connectors of the environment, and which of them can be used now. */
export function useConnectors(enabled = true) {
  const query = useQuery({ queryKey: ['connectors', 'choice'], queryFn: () => ask(api.GET('/connect/connectors', { params: { query: { limit: 200 } } })), enabled })
  const all = query.data?.items ?? []
  return { ...query, all, usable: all.filter((one) => one.enabled && !one.stopped) }
}

export const NoConnector = () => (
  <p>
    There is no connector that can be used. <ButtonLink to="/connect/connectors">Make a connector</ButtonLink>
  </p>
)
