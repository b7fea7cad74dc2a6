import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { Failure } from '../api/problem'
import { FailureBanner } from './banner'
import { Button } from './button'
import { cx } from './class'
import { TextField } from './field'

// Where the focus was before the first of several dialogs: a form gives way to its result, and the result, when it goes, must not
// leave the focus in a form that is no longer there. Menus go, too; what opened them stays.
let outside: HTMLElement | null = null
addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && target !== document.body && !target.closest('[role=dialog], [role=alertdialog], [role=menu], [data-base-ui-focus-guard]')) outside = target
})

/** Inside a dialog: brings the focus back when the dialog goes by a button of its own, which nobody else sees. */
function FocusBack() {
  useEffect(
    () => () =>
      void requestAnimationFrame(() => {
        if (document.activeElement !== document.body || document.querySelector('[role=dialog], [role=alertdialog]')) return
        ;(outside?.isConnected ? outside : document.querySelector<HTMLElement>('main'))?.focus()
      }),
    [],
  )
  return null
}

const veil = 'fixed inset-0 z-40 bg-veil'
const sheet =
  'fixed inset-x-0 bottom-0 z-50 mx-auto max-h-[92dvh] w-full overflow-y-auto rounded-t-xl border border-line bg-card p-6 shadow-xl sm:inset-y-0 sm:my-auto sm:h-fit sm:rounded-xl'

/**
 * A dialog. onClose is asked for at Escape, the cross and a press beside it; whoever opened it decides. The focus goes back to
 * what opened it.
 */
export function Dialog({ title, description, open, onClose, wide, children }: { title: ReactNode; description?: ReactNode; open: boolean; onClose: () => void; wide?: boolean; children: ReactNode }) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={veil} />
        <Base.Popup className={cx(sheet, wide ? 'max-w-3xl' : 'max-w-xl')}>
          <FocusBack />
          <Base.Title className="mb-4 pr-10">{title}</Base.Title>
          {description && <Base.Description className="mb-4 text-soft">{description}</Base.Description>}
          {children}
          {/* Last, so that the focus begins at what the dialog is about. */}
          <Base.Close aria-label="Close" className="absolute top-4 right-4 inline-grid size-9 cursor-pointer place-items-center rounded-lg text-soft hover:bg-line/50">
            <X aria-hidden="true" className="size-5" />
          </Base.Close>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

/** The buttons at the end of a dialog's form. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 pt-2">{children}</div>
}

type ConfirmProps = {
  open: boolean
  onClose: () => void
  title: ReactNode
  children: ReactNode
  /** The verb and the name of the object, such as "Delete secret ci-deploy". Never OK. */
  verb: string
  onConfirm: () => unknown
  busy?: boolean
  failure?: Failure
  /** What must be typed first. Only where the wrong one would be missed at once. */
  typed?: string
  /** Something else, inside, must be said first. */
  blocked?: boolean
  danger?: boolean
  /** A gentler way, such as disabling, offered beside it. */
  instead?: ReactNode
}

/** Asks once before something that cannot be taken back, naming the object and the effect. */
export function Confirm({ open, onClose, title, children, verb, onConfirm, busy, failure, typed, blocked, danger = true, instead }: ConfirmProps) {
  const [text, setText] = useState('')
  const close = () => {
    setText('')
    onClose()
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={veil} />
        <AlertDialog.Popup className={cx(sheet, 'max-w-lg space-y-4')}>
          <FocusBack />
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description render={<div className="space-y-2" />}>{children}</AlertDialog.Description>
          {typed && <TextField label={<>Type <code>{typed}</code> to go on</>} value={text} onChange={(e) => setText(e.target.value)} />}
          <FailureBanner failure={failure} />
          <DialogButtons>
            {instead}
            <Button onClick={close}>Cancel</Button>
            <Button look={danger ? 'danger' : 'primary'} busy={busy} disabled={blocked || (typed !== undefined && text !== typed)} onClick={onConfirm}>
              {verb}
            </Button>
          </DialogButtons>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
