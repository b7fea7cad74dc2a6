import { useQueryClient } from '@tanstack/react-query'
import { Fragment, type ReactNode, useState } from 'react'
import { announce } from '../../ui/announce'
import { Banner } from '../../ui/banner'
import { applicationQuery, type Held } from './page'

/**
 * Gives a form the version that it begins with. While nobody has touched the form it follows what others change; from then on
 * it keeps what it began with, so that nothing that was typed is lost and saving finds out about the others (If-Match).
 */
export function Editing({ held, children }: { held: Held; children: (began: Held, saved: (said: string) => Promise<void>) => ReactNode }) {
  const queries = useQueryClient()
  const [{ began, form }, setForm] = useState({ began: held, form: 0 })
  const [touched, setTouched] = useState(false)
  const [said, setSaid] = useState('')
  if (!touched && held.tag !== began.tag) setForm({ began: held, form: form + 1 })
  const saved = async (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['applications'] })
    const now = await queries.fetchQuery({ ...applicationQuery(held.data.client_id), staleTime: 0 })
    setForm({ began: now, form: form + 1 })
    setTouched(false)
  }
  const touch = () => {
    setTouched(true)
    setSaid('')
  }
  return (
    // In the bubbling phase: a state that is set in the capturing one is drawn before the field's own handler has run, and what was typed is lost.
    <div onInput={touch} onClick={(event) => (event.target as HTMLElement).closest('input, button:not([type=submit])') && touch()}>
      {said && (
        <div className="mb-4">
          <Banner kind="good" title={said} />
        </div>
      )}
      <Fragment key={form}>{children(began, saved)}</Fragment>
    </div>
  )
}
