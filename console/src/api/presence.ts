// Asking keeps the session alive. A console that nobody sits at must not: what asks by itself waits until somebody moves.
import { focusManager } from '@tanstack/react-query'

const idle = 5 * 60_000 // milliseconds without a key, a press or a look
const signs = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'visibilitychange'] as const

/** Takes a page at which nobody sits for one that has not the focus: queries on it do not ask again by themselves. */
export function watchPresence() {
  focusManager.setEventListener((setFocused) => {
    let leaves: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      clearTimeout(leaves)
      const here = document.visibilityState === 'visible'
      setFocused(here)
      if (here) leaves = setTimeout(() => setFocused(false), idle)
    }
    for (const sign of signs) document.addEventListener(sign, look, { passive: true })
    look()
    return () => {
      clearTimeout(leaves)
      for (const sign of signs) document.removeEventListener(sign, look)
    }
  })
}

/** Whether somebody sits at this page. */
export const attended = () => focusManager.isFocused()

/** Tells when somebody comes back to it; returns how to stop. */
export const onReturn = (come: () => void) => focusManager.subscribe((here) => here && come())
