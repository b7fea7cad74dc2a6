import { api, ask } from './client'

/** What there is and what needs somebody. All who show some of it share it, so that one load asks once. */
export const overviewQuery = { queryKey: ['overview'], queryFn: () => ask(api.GET('/overview')) }
