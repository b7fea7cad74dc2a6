import { type ReactNode, useEffect } from 'react'
import { root } from '../api/client'
import { failureOf } from '../api/problem'
import { FailureBanner } from './banner'
import { cx } from './class'

/** The top of a screen: what it is, one sentence, and what can be done here. The browser's title follows. */
export function PageHeader({ title, name, lead, badges, actions }: { title: ReactNode; /** For the title of the window, if title is more than a text. */ name?: string; lead?: ReactNode; badges?: ReactNode; actions?: ReactNode }) {
  const words = name ?? (typeof title === 'string' ? title : '')
  useEffect(() => {
    document.title = words ? `${words} · Counterfoil` : 'Counterfoil'
  }, [words])
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 space-y-1">
        <div className="flex flex-wrap items-center gap-3">
          <h1 className="min-w-0 break-words">{title}</h1>
          {badges}
        </div>
        {lead && <p className="max-w-prose text-soft">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  )
}

/** A card with a heading. */
export function Section({ title, lead, actions, danger, children, id }: { title?: ReactNode; lead?: ReactNode; actions?: ReactNode; danger?: boolean; children: ReactNode; id?: string }) {
  return (
    <section id={id} className={cx('mb-6 rounded-xl border bg-card p-5', danger ? 'border-wrong/50' : 'border-line')}>
      {(title || actions) && (
        <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
          <div>
            {title && <h2>{title}</h2>}
            {lead && <p className="mt-1 max-w-prose text-soft">{lead}</p>}
          </div>
          {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  )
}

/** Names and values. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[minmax(9rem,max-content)_1fr]">{children}</dl>
}

export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 break-words max-sm:mb-2">{children}</dd>
    </>
  )
}

type Chapter = 'certificates' | 'connect' | 'credentials' | 'directory' | 'facades' | 'permissions' | 'webhooks'

/** Nothing here yet: one sentence, one thing to do, and the same in a terminal. */
export function Empty({ title, children, action, command, about }: { title: string; children?: ReactNode; action?: ReactNode; command?: string; /** The chapter of the documentation about what would stand here. */ about?: Chapter }) {
  return (
    <div className="rounded-xl border border-dashed border-edge px-6 py-10 text-center">
      <p className="text-lg font-semibold">{title}</p>
      {children && <p className="mx-auto mt-1 max-w-prose text-soft">{children}</p>}
      {action && <div className="mt-4 flex justify-center">{action}</div>}
      {command && (
        <p className="mt-4 text-sm text-soft">
          In a terminal: <code className="font-mono text-ink">{command}</code>
        </p>
      )}
      {about && (
        <p className="mt-1 text-sm">
          <a href={`${root}/docs/${about}`} target="_blank" rel="noreferrer" className="underline underline-offset-2">
            What the documentation says of it
          </a>
        </p>
      )}
    </div>
  )
}

/** Stands where something is being fetched, in about its size; when it does not come, it says why. */
export function Waiting({ lines = 3, error }: { lines?: number; error?: unknown }) {
  if (error) return <FailureBanner failure={failureOf(error)} />
  return (
    <div role="status" className="space-y-3 py-2">
      <span className="sr-only">Loading …</span>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} aria-hidden="true" className="h-5 animate-pulse rounded bg-line/70" style={{ width: `${90 - 17 * (i % 3)}%` }} />
      ))}
    </div>
  )
}
