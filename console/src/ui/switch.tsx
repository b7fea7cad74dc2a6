import { Switch as Base } from '@base-ui/react/switch'
import { type ReactNode, useId } from 'react'

/** Something that is on or off and takes effect at once. */
export function Switch({ label, hint, on, busy, disabled, onChange }: { label: ReactNode; hint?: ReactNode; on: boolean; busy?: boolean; disabled?: boolean; onChange: (on: boolean) => void }) {
  const id = useId()
  return (
    <div className="flex items-start gap-3">
      <Base.Root aria-labelledby={id} aria-describedby={hint ? `${id}-hint` : undefined} checked={on} disabled={disabled} onCheckedChange={(next) => !busy && onChange(next)} className="mt-0.5 inline-flex h-6 w-11 shrink-0 cursor-pointer items-center rounded-full border border-edge bg-line p-0.5 data-checked:border-accent data-checked:bg-accent data-disabled:cursor-not-allowed data-disabled:opacity-55">
        <Base.Thumb className="size-4.5 rounded-full bg-card shadow transition-transform data-checked:translate-x-5" />
      </Base.Root>
      <div className="min-w-0">
        <span id={id} className="font-semibold">
          {label}
        </span>
        {hint && (
          <p id={`${id}-hint`} className="text-sm text-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}
