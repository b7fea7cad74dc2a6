import type { ReactNode } from 'react'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'

/** Says what was disabled, and offers to enable the same again. That does not bring back what died with it, and says so. */
export function Undo({ title, of, many, busy, onUndo, children }: { title: string; /** What the button names. */ of: string; many?: boolean; busy: boolean; onUndo: () => unknown; children?: ReactNode }) {
  return (
    <Banner kind="good" title={title}>
      {children}
      <p>Undo lets {many ? 'them' : 'it'} get new tokens; tokens from before stay dead.</p>
      <Button onClick={onUndo} busy={busy}>
        Undo: enable {of}
      </Button>
    </Banner>
  )
}
