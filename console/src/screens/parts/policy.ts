import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { useMay } from '../../api/session'

/** What the environment demands of credentials; absent while it is not known, and to whoever may not read it. */
export const usePolicy = () => {
  const may = useMay()
  return useQuery({ queryKey: ['policy', 'plain'], queryFn: () => ask(api.GET('/policy')), enabled: may('policy:read') })
}
