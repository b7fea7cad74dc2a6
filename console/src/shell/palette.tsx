import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Dialog } from '../ui/dialog'
import { inputLook } from '../ui/field'
import { places } from './nav'

/** Finds a place by a few letters. */
export function Palette({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  const go = useNavigate()
  const [text, setText] = useState('')
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        onOpen(true)
      }
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [onOpen])
  const found = places.filter((p) => p.name.toLowerCase().includes(text.toLowerCase()))
  return (
    <Dialog open={open} onClose={() => onOpen(false)} title="Search or go to">
      <input aria-label="Search" autoComplete="off" spellCheck={false} value={text} onChange={(e) => setText(e.target.value)} className={inputLook} />
      <ul className="mt-3">
        {found.map((p) => (
          <li key={p.to}>
            <button type="button" className="w-full cursor-pointer rounded px-3 py-1.5 text-left hover:bg-line/50" onClick={() => { onOpen(false); void go({ to: p.to }) }}>
              {p.name}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
