import { Search as Icon } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { inputLook } from './field'

const secret = /cf[a-z]_/
const rest = 200 // milliseconds after the last key

/** The filter of a list by text. It is told when the typing pauses. */
export function Search({ label, value, onChange, placeholder }: { label: string; value: string; onChange: (value: string) => void; placeholder?: string }) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const said = useRef(value)
  useEffect(() => {
    if (value !== said.current) setText((said.current = value)) // the address changed by itself: a step back
  }, [value])
  const type = (next: string) => {
    setText(next)
    clearTimeout(timer.current)
    // What is found by ends in the address. A secret goes into the search of the whole console, which sends it in a body.
    if (secret.test(next)) return
    timer.current = setTimeout(() => onChange((said.current = next.trim())), rest)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <div className="relative w-full max-w-xs">
      <Icon aria-hidden="true" className="pointer-events-none absolute top-3 left-3 size-4 text-soft" />
      <input type="search" aria-label={label} placeholder={placeholder ?? label} value={text} onChange={(e) => type(e.target.value)} autoComplete="off" spellCheck={false} className={`${inputLook} pl-9`} />
      {secret.test(text) && (
        <p role="status" className="mt-1 text-sm text-soft">
          That looks like a secret. Ctrl K finds whose it is, without putting it into an address.
        </p>
      )}
    </div>
  )
}
