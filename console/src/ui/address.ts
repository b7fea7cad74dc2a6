import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Filters } from '../routes'

/**
 * What stands after the question mark of the address, and the way to change some of it: nothing or an empty text takes a part away.
 * A change of a filter replaces the entry of the history; pushed makes a new one, to which the way back leads.
 */
export function useFilters(): [Filters, (change: Filters, pushed?: boolean) => void] {
  const now: Filters = useSearch({ strict: false })
  const navigate = useNavigate()
  return [
    now,
    (change, pushed = false) =>
      void navigate({
        to: '.',
        search: (before: Filters) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value)),
        replace: !pushed,
        resetScroll: false,
      }),
  ]
}
