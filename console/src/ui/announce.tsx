import { useSyncExternalStore } from 'react'

let said = ''
const listeners = new Set<() => void>()

/** Says something to a screen reader without moving the focus. What is seen says it, too. */
export function announce(text: string) {
  said = text === said ? `${text}\u00a0` : text // the same words twice are said twice
  listeners.forEach((listener) => listener())
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The region that is read out. There is one, in the shell. */
export function Announcer() {
  return (
    <div role="status" aria-live="polite" className="sr-only">
      {useSyncExternalStore(subscribe, () => said)}
    </div>
  )
}
