import { CircleAlert, CircleCheck, CirclePause, CircleX, Clock, Hourglass, Lock, RotateCw, TriangleAlert } from 'lucide-react'
import type { ComponentType, ReactNode } from 'react'
import { cx } from './class'
import { ago, onDay, useNow } from './time'

const kinds = {
  plain: 'border-line bg-paper text-ink',
  good: 'border-good/40 bg-mint text-good',
  warn: 'border-warn/40 bg-sand text-warn',
  wrong: 'border-wrong/40 bg-blush text-wrong',
}

export type BadgeKind = keyof typeof kinds

/** A word about a state: always text with an icon, never a colour alone. */
export function Badge({ kind = 'plain', icon: Icon, title, children }: { kind?: BadgeKind; icon?: ComponentType<{ className?: string }>; title?: string; children: ReactNode }) {
  return (
    <span title={title} className={cx('inline-flex items-center gap-1 rounded-full border px-2 py-0.5 text-xs font-semibold whitespace-nowrap', kinds[kind])}>
      {Icon && <Icon className="size-3.5" />}
      {children}
    </span>
  )
}

const states: Record<string, [BadgeKind, ComponentType<{ className?: string }>, string]> = {
  active: ['good', CircleCheck, 'Active'],
  enabled: ['good', CircleCheck, 'Enabled'],
  healthy: ['good', CircleCheck, 'Healthy'],
  delivered: ['good', CircleCheck, 'Delivered'],
  disabled: ['plain', CirclePause, 'Disabled'],
  suspended: ['plain', CirclePause, 'Suspended'],
  locked: ['wrong', Lock, 'Locked'],
  expired: ['wrong', CircleX, 'Expired'],
  failing: ['wrong', CircleAlert, 'Failing'],
  exhausted: ['wrong', CircleX, 'Given up'],
  dead: ['wrong', CircleX, 'Given up'],
  rejected: ['wrong', CircleX, 'Rejected'],
  exposed: ['wrong', TriangleAlert, 'Exposed'],
  not_yet: ['plain', Clock, 'Not yet valid'],
  staged: ['plain', Clock, 'Staged'],
  unapproved: ['warn', Clock, 'Waits for approval'],
  pending: ['plain', Clock, 'Pending'],
  retiring: ['warn', RotateCw, 'Being replaced'],
}

/** The state of a credential, a person, a connection or a message. */
export function StateBadge({ state }: { state: string }) {
  const [kind, icon, words] = states[state] ?? (['plain', undefined, state] as const)
  return (
    <Badge kind={kind} icon={icon}>
      {words}
    </Badge>
  )
}

const dayLong = 86_400_000

/** How near an end is: fine, within 30 days, within 7, past. */
export function ExpiryBadge({ at }: { at?: string | null }) {
  const now = useNow()
  if (!at) return <span className="text-soft">Never</span>
  const left = Date.parse(at) - now
  if (left <= 0) return <Badge kind="wrong" icon={CircleX} title={onDay(at)}>Expired {ago(Date.parse(at), now)}</Badge>
  if (left > 30 * dayLong) return <span title={ago(Date.parse(at), now)}>{onDay(at)}</span>
  return (
    <Badge kind={left > 7 * dayLong ? 'warn' : 'wrong'} icon={Hourglass} title={onDay(at)}>
      Expires {ago(Date.parse(at), now)}
    </Badge>
  )
}
