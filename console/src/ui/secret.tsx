import { useBlocker } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Banner } from './banner'
import { Button } from './button'
import { Copy } from './copy'
import { Dialog, DialogButtons } from './dialog'
import { Checkbox } from './field'
import { Snippet } from './showas'
import { save } from './save'
import { quote } from './shell'

/** What is shown once. It lives in the state of the screen that made it, and nowhere else. */
export type Shown = {
  /** What was made, such as "Secret for billing". */
  title: string
  /** The lines to write down, in order; those that are secret are marked. */
  values: readonly { name: string; /** As an environment variable. */ variable: string; value: string; secret?: boolean }[]
  /** The name of the Kubernetes secret that is proposed. */
  slug: string
  /** It is kept sealed, and whoever may reveal secrets can see it again. */
  kept?: boolean
  /** A file that goes with it, such as a .p12. */
  file?: { name: string; type: string; bytes: Uint8Array<ArrayBuffer> }
}

/**
 * Shows a secret the one time that it can be shown, and guards every way out until somebody says that it is stored: Escape, the
 * cross, the page before, and the closing of the window.
 */
export function ShowOnce({ shown, onDone, children }: { shown: Shown; onDone: () => void; children?: ReactNode }) {
  const [stored, setStored] = useState(false)
  const [leaving, setLeaving] = useState(false)
  useBlocker({
    shouldBlockFn: () => {
      if (!stored) setLeaving(true)
      return !stored
    },
    enableBeforeUnload: () => !stored,
  })
  const close = () => (stored ? onDone() : setLeaving(true))
  const env = shown.values.map(({ variable, value }) => `${variable}=${quote(value)}\n`).join('')
  const json = JSON.stringify(Object.fromEntries(shown.values.map(({ name, value }) => [name, value])), null, 2)
  const kubectl = [`kubectl create secret generic ${shown.slug}`, ...shown.values.map(({ variable, value }) => `  --from-literal=${variable}=${quote(value)}`)].join(' \\\n')
  return (
    <Dialog open wide title={shown.title} onClose={close}>
      <div className="space-y-4">
        <Banner kind="warn" title={shown.kept ? 'From now on it is sealed' : 'This is the only time that it is shown'}>
          <p>{shown.kept ? 'Only who may reveal secrets sees it again, and each time is an event of the ledger.' : 'We keep a keyed hash and cannot show it again.'} Keep it in a vault, not in code that others can read, and not in a chat.</p>
        </Banner>
        <dl className="space-y-3">
          {shown.values.map(({ name, value, secret }) => (
            <div key={name}>
              <dt className="text-sm text-soft">{name}</dt>
              <dd className="flex flex-wrap items-center gap-2">
                <code data-secret={secret || undefined} className="min-w-0 rounded bg-paper px-2 py-1 font-mono break-all">
                  {value}
                </code>
                <Copy text={value} what={name} />
              </dd>
            </div>
          ))}
        </dl>
        <div className="flex flex-wrap gap-2">
          {shown.file && (
            <Button look="primary" onClick={() => save(shown.file!.name, new Blob([shown.file!.bytes], { type: shown.file!.type }))}>
              <Download aria-hidden="true" className="size-4" /> Download {shown.file.name}
            </Button>
          )}
          <Button onClick={() => save(`${shown.slug}.env`, new Blob([env], { type: 'text/plain' }))}>
            <Download aria-hidden="true" className="size-4" /> .env
          </Button>
          <Button onClick={() => save(`${shown.slug}.json`, new Blob([`${json}\n`], { type: 'application/json' }))}>
            <Download aria-hidden="true" className="size-4" /> JSON
          </Button>
        </div>
        <details className="rounded-lg border border-line">
          <summary className="cursor-pointer px-4 py-2 font-semibold">As a Kubernetes secret</summary>
          <div className="px-4 pb-4">
            <Snippet text={kubectl} what="the kubectl line" />
          </div>
        </details>
        {children}
        {leaving && !stored && (
          <Banner kind="wrong" title="It is gone once this is closed">
            <p>Store it first, and say so below. To give it up, close this and make another.</p>
            <Button look="danger" onClick={onDone}>
              Close without storing it
            </Button>
          </Banner>
        )}
        <Checkbox label="I have stored it" checked={stored} onChange={(e) => setStored(e.target.checked)} />
        <DialogButtons>
          <Button look="primary" disabled={!stored} onClick={onDone}>
            Done
          </Button>
        </DialogButtons>
      </div>
    </Dialog>
  )
}
