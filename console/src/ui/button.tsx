import { Link, type LinkProps } from '@tanstack/react-router'
import type { ComponentProps, ReactNode } from 'react'
import { cx } from './class'

const looks = {
  primary: 'border-transparent bg-accent text-on hover:brightness-110',
  plain: 'border-edge bg-card text-ink hover:bg-paper',
  danger: 'border-wrong bg-card text-wrong hover:bg-blush',
  quiet: 'border-transparent text-ink hover:bg-line/50',
}

const shape =
  'inline-flex min-h-9 items-center justify-center gap-2 rounded-lg border px-3.5 py-1.5 text-sm font-semibold whitespace-nowrap max-sm:whitespace-normal max-sm:wrap-anywhere cursor-pointer disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:opacity-55'

type Look = { look?: keyof typeof looks }

/** A button. busy keeps it from being pressed twice and says so to a screen reader; the focus stays. */
export function Button({ look = 'plain', busy, className, children, ...rest }: ComponentProps<'button'> & Look & { busy?: boolean }) {
  return (
    <button type="button" {...rest} aria-busy={busy || undefined} aria-disabled={busy || undefined} onClick={busy ? (e) => e.preventDefault() : rest.onClick} className={cx(shape, looks[look], className)}>
      {children}
      {busy && <span aria-hidden="true">…</span>}
    </button>
  )
}

/** A button of only an icon, which has a name all the same. */
export function IconButton({ label, className, children, ...rest }: ComponentProps<'button'> & { label: string }) {
  return (
    <button type="button" {...rest} aria-label={label} title={label} className={cx('inline-grid size-9 cursor-pointer place-items-center rounded-lg text-soft hover:bg-line/50 hover:text-ink', className)}>
      {children}
    </button>
  )
}

/** A link that looks like a button, because going there begins something. */
export function ButtonLink({ look = 'plain', children, ...rest }: LinkProps & Look & { children: ReactNode }) {
  return (
    <Link {...rest} className={cx(shape, looks[look])}>
      {children}
    </Link>
  )
}
