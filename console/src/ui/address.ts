import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
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

/**
 * Whether a dialog is open that a button opens, and a link with that part, too: `?new=` opens an empty form, and what stands there
 * is what the form begins with. It goes out of the address at once, so that neither a reload nor the way back opens the dialog again.
 */
export function useDialog(name: string, may = true): [open: boolean, set: (open: boolean) => void, first: string] {
  const [filters, change] = useFilters()
  const [open, setOpen] = useState(false)
  const [first, setFirst] = useState('')
  const linked = filters[name]
  useEffect(() => {
    if (linked === undefined) return
    setFirst(linked)
    setOpen(true)
    change({ [name]: undefined })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for a link; how it is taken away is new at each drawing
  }, [linked])
  const set = (next: boolean) => {
    setFirst('')
    setOpen(next)
  }
  return [open && may, set, first]
}
