import { CircleCheck, CircleX, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Failure } from '../api/problem'
import { cx } from './class'
import { Copy } from './copy'

const kinds = {
  info: { icon: Info, look: 'border-edge bg-paper text-ink' },
  good: { icon: CircleCheck, look: 'border-good bg-mint text-ink' },
  warn: { icon: TriangleAlert, look: 'border-warn bg-sand text-ink' },
  wrong: { icon: CircleX, look: 'border-wrong bg-blush text-ink' },
}

/** Something that stays until it is no longer so. Not for results that a person waits for: see announce. */
export function Banner({ kind = 'info', title, children }: { kind?: keyof typeof kinds; title?: ReactNode; children?: ReactNode }) {
  const { icon: Icon, look } = kinds[kind]
  return (
    <div role={kind === 'wrong' ? 'alert' : undefined} className={cx('flex gap-3 rounded-lg border-l-4 px-4 py-3', look)}>
      <Icon aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
      <div className="min-w-0 flex-1 space-y-1">
        {title && <p className="font-semibold">{title}</p>}
        {children}
      </div>
    </div>
  )
}

/** What went wrong, with the name of the request for whoever is asked about it. Nothing if nothing did. */
export function FailureBanner({ failure, known = [] }: { failure?: Failure | null; known?: string[] }) {
  if (!failure) return null
  const others = [...failure.fields].filter(([field]) => !known.includes(field))
  return (
    <Banner kind="wrong" title={failure.fields.size > 1 && others.length === 0 ? `${failure.fields.size} fields need another value.` : sentence(failure.message)}>
      {others.length > 0 && (
        <ul className="list-disc pl-5">
          {others.map(([field, message]) => (
            <li key={field}>
              <code>{field}</code>: {message}
            </li>
          ))}
        </ul>
      )}
      {failure.requestId && (
        <p className="flex flex-wrap items-center gap-2 text-sm text-soft">
          Request <code>{failure.requestId}</code> <Copy text={failure.requestId} what="the request id" />
        </p>
      )}
    </Banner>
  )
}

/** Makes a sentence of what the server says. */
export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
