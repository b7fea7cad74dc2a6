import { Fragment, type ReactNode, useState } from 'react'

/**
 * Gives a form the version that it begins with. While nobody has touched the form it follows what others change; from then on it
 * keeps what it began with, so that nothing that was typed is lost and saving finds out about the others (If-Match). settle says
 * that what was typed is saved.
 */
export function Begun<T extends { tag: string }>({ held, onTouch, children }: { held: T; onTouch?: () => void; children: (began: T, settle: () => void) => ReactNode }) {
  const [{ began, form }, setForm] = useState({ began: held, form: 0 })
  const [touched, setTouched] = useState(false)
  if (!touched && held.tag !== began.tag) setForm({ began: held, form: form + 1 })
  const touch = () => {
    setTouched(true)
    onTouch?.()
  }
  return (
    // In the bubbling phase: a state that is set in the capturing one is drawn before the field's own handler has run, and what was typed is lost.
    <div onInput={touch} onClick={(event) => (event.target as HTMLElement).closest('input, button:not([type=submit])') && touch()}>
      <Fragment key={form}>{children(began, () => setTouched(false))}</Fragment>
    </div>
  )
}
