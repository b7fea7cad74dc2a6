import { Popover as Base } from '@base-ui/react/popover'
import type { ReactNode } from 'react'

/** More of something, behind a button that says what. */
export function Popover({ label, title, children }: { label: ReactNode; title: string; children: ReactNode }) {
  return (
    <Base.Root>
      <Base.Trigger className="min-h-6 cursor-pointer rounded whitespace-nowrap underline decoration-dotted underline-offset-4">{label}</Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={6} className="z-50">
          <Base.Popup className="max-h-[60dvh] max-w-sm overflow-y-auto rounded-lg border border-line bg-card p-4 shadow-lg outline-none">
            <Base.Title className="mb-2 text-base">{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
