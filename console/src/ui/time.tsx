import { useSyncExternalStore } from 'react'
import { Tooltip } from '@base-ui/react/tooltip'

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' })
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
]

/** Says how far away a time is, such as "in 3 days". */
export function ago(at: number, now = Date.now()): string {
  let far = (at - now) / 1000
  for (const [unit, size] of steps) {
    if (Math.abs(far) < size) return relative.format(Math.round(far), unit)
    far /= size
  }
  return ''
}

/** Says when, whole. */
export const when = (at: string | number | Date) => absolute.format(new Date(at))
/** Says on what day. */
export const onDay = (at: string | number | Date) => day.format(new Date(at))

let tick = Date.now()
const ticking = new Set<() => void>()
let clock: ReturnType<typeof setInterval> | undefined
function subscribe(listener: () => void) {
  ticking.add(listener)
  tick = Date.now()
  clock ??= setInterval(() => {
    tick = Date.now()
    ticking.forEach((each) => each())
  }, 1_000)
  return () => {
    ticking.delete(listener)
    if (ticking.size === 0) {
      clearInterval(clock)
      clock = undefined
    }
  }
}

/** The time, once a second, for as long as something on the screen shows it. */
export const useNow = () => useSyncExternalStore(subscribe, () => tick)

/** A time as people say it; whole when it is pointed at or focused. */
export function Time({ at, never = 'Never' }: { at?: string | null; never?: string }) {
  const now = useNow()
  if (!at) return <span className="text-soft">{never}</span>
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={<time dateTime={at} tabIndex={0} className="cursor-help rounded whitespace-nowrap underline decoration-dotted underline-offset-4" />}>{ago(Date.parse(at), now)}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6}>
          <Tooltip.Popup className="rounded-md bg-ink px-2 py-1 text-sm text-paper">{when(at)}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

/** Counts down to a time, such as 14:59. */
export function Countdown({ to }: { to: string }) {
  const left = Math.max(0, Math.ceil((Date.parse(to) - useNow()) / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const text = `${left >= 3600 ? `${Math.floor(left / 3600)}:` : ''}${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`
  return <span role="timer" className="tabular-nums">{text}</span>
}
