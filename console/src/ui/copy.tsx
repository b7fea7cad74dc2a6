import { Check, Copy as CopyIcon } from 'lucide-react'
import { useRef, useState } from 'react'
import { announce } from './announce'
import { cx } from './class'

/** Copies a text when it is pressed, never by itself. Where the clipboard is closed it selects the text instead, if all of it stands there. */
export function Copy({ text, what, label, className }: { text: string; what: string; label?: string; className?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'selected' | 'refused'>('idle')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const self = useRef<HTMLButtonElement>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
      announce(`Copied ${what}`)
    } catch {
      const selected = select(self.current, text)
      setState(selected ? 'selected' : 'refused')
      announce(`The browser does not let us copy.${selected ? ' The text is selected: press Control C.' : ''}`)
    }
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setState('idle'), 2_000)
  }
  const words = { idle: label ?? 'Copy', copied: 'Copied', selected: 'Press Ctrl C', refused: 'Not copied' }[state]
  const Icon = state === 'copied' ? Check : CopyIcon
  return (
    <button ref={self} type="button" onClick={copy} aria-label={`${words}: ${what}`} className={cx('inline-flex min-h-7 cursor-pointer items-center gap-1.5 rounded-md border border-line px-2 text-sm hover:bg-line/50', className)}>
      <Icon aria-hidden="true" className="size-4" /> {words}
    </button>
  )
}

/** Selects the text where it stands beside the button; the beginning of it is not it. */
function select(button: HTMLElement | null, text: string) {
  const place = [...(button?.parentElement?.querySelectorAll('code, pre') ?? [])].find(({ textContent }) => textContent === text)
  if (place) getSelection()?.selectAllChildren(place)
  return place !== undefined
}

/** A value with its button. */
export function Copied({ text, what, className }: { text: string; what: string; className?: string }) {
  return (
    <span className={cx('inline-flex max-w-full flex-wrap items-center gap-2', className)}>
      <code className="font-mono break-all">{text}</code>
      <Copy text={text} what={what} />
    </span>
  )
}
