import { Menu as Base } from '@base-ui/react/menu'
import { EllipsisVertical } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './class'

const item = 'flex w-full cursor-pointer items-center gap-2 rounded-md px-3 py-1.5 text-left outline-none select-none data-disabled:cursor-not-allowed data-disabled:opacity-55 data-highlighted:bg-line/60'

/** A menu behind a button; trigger is the button. */
export function Menu({ trigger, children }: { trigger: ReactElement; children: ReactNode }) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end" className="z-50">
          <Base.Popup className="max-h-[70dvh] min-w-48 overflow-y-auto rounded-lg border border-line bg-card p-1.5 shadow-lg outline-none">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

/** What can be done with one row. of is the row's name, for who cannot see which row it is. */
export function RowMenu({ of, children }: { of: string; children: ReactNode }) {
  return (
    <Menu
      trigger={
        <button type="button" aria-label={`Actions for ${of}`} className="-my-1 inline-grid size-9 cursor-pointer place-items-center rounded-lg text-soft hover:bg-line/50 hover:text-ink">
          <EllipsisVertical aria-hidden="true" className="size-5" />
        </button>
      }
    >
      {children}
    </Menu>
  )
}

export function MenuItem({ onSelect, danger, disabled, children }: { onSelect: () => void; danger?: boolean; disabled?: boolean; children: ReactNode }) {
  return (
    <Base.Item disabled={disabled} onClick={onSelect} className={cx(item, danger && 'text-wrong')}>
      {children}
    </Base.Item>
  )
}

/** A place to go, within the console or outside it. */
export function MenuLink({ href, foreign, children }: { href: string; foreign?: boolean; children: ReactNode }) {
  return (
    <Base.Item render={<a href={href} target={foreign ? '_blank' : undefined} rel={foreign ? 'noreferrer' : undefined} />} className={item}>
      {children}
    </Base.Item>
  )
}

export const MenuLine = () => <Base.Separator className="my-1.5 border-t border-line" />
