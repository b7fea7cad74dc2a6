import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Dialog } from '../ui/dialog'
import { Checkbox } from '../ui/field'
import { usePlaces } from './nav'

const key = 'shortcuts'
const enabled = () => localStorage.getItem(key) !== 'off'
const listeners = new Set<() => void>()

/** Presses the button that a key stands for, if it is there. */
function begin(event: KeyboardEvent, button: HTMLElement | null) {
  if (!button) return
  event.preventDefault() // or the key lands in the field that has the focus by then
  button.focus() // where it comes back to afterwards
  button.click()
}

/** Shows what keys there are. */
export const showShortcuts = () => listeners.forEach((show) => show())

/** Keys for who would rather not use a mouse. None of them changes anything; none works while something is typed. */
export function Shortcuts() {
  const go = useNavigate()
  const places = usePlaces()
  const [help, setHelp] = useState(false)
  const [on, setOn] = useState(enabled)
  useEffect(() => {
    const show = () => setHelp(true)
    listeners.add(show)
    return () => void listeners.delete(show)
  }, [])
  useEffect(() => {
    if (!on) return
    let first = ''
    const press = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || at.closest('input, textarea, select, [role=alertdialog], [role=menu], [contenteditable]')) return
      const dialog = at.closest('[role=dialog]')
      if (dialog) {
        if (event.key === 'r') begin(event, dialog.querySelector('[data-key=r]')) // a credential is open
        return
      }
      if (first === 'g') {
        const place = places.find((p) => p.key === event.key)
        if (place) void go({ to: place.to })
      } else if (event.key === '?') setHelp(true)
      else if (event.key === 'c') begin(event, document.querySelector('[data-key=c]'))
      else if (event.key === '/') {
        const filter = document.querySelector<HTMLElement>('main input[type=search]')
        if (filter) {
          event.preventDefault()
          filter.focus()
        }
      }
      first = event.key
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [go, on, places])
  return (
    <Dialog open={help} onClose={() => setHelp(false)} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-2">
        {[['Ctrl K', 'Search or go to'], ['/', 'To the filter of a list'], ['c', 'Begin to make something new'], ['r', 'Rotate the secret that is open'], ['?', 'This page'], ...places.map((p) => [`g ${p.key}`, p.name])].map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-paper px-1.5 py-0.5 font-mono">{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div className="mt-5">
        <Checkbox
          label="Single keys work"
          hint="Switch them off if your software speaks or types for you."
          checked={on}
          onChange={(e) => {
            setOn(e.target.checked)
            if (e.target.checked) localStorage.removeItem(key)
            else localStorage.setItem(key, 'off')
          }}
        />
      </div>
    </Dialog>
  )
}
