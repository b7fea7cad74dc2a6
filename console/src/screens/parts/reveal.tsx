import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'

/** Shows a secret that is kept sealed, to whoever may see it; each time is an event of the ledger. It is gone with the screen. */
export const Reveal = (of: Sealed) => <One key={of.secretId} {...of} /> // another secret begins hidden

type Sealed = { clientId: string; secretId?: string; hint?: string; viewable: boolean; why?: string }

function One({ clientId, secretId, hint, viewable, why }: Sealed) {
  const may = useMay()
  const [secret, setSecret] = useState<string>()
  const { run, busy, failure } = useAction(() =>
    ask(api.POST('/applications/{application}/secrets/{secret}/reveal', { params: { path: { application: clientId, secret: secretId ?? '' } } })),
  )
  if (!viewable || !secretId || !may('credentials:reveal')) {
    return (
      <span>
        {hint && <code className="font-mono">{hint}…</code>} <span className="text-soft">{why ?? (viewable ? 'You may not see it: that takes credentials:reveal.' : 'Shown once, when it was made. We keep only a keyed hash.')}</span>
      </span>
    )
  }
  return (
    <div className="space-y-2">
      {secret ? <Copied text={secret} what="the client secret" /> : <code className="font-mono">{hint}…</code>}{' '}
      {secret ? (
        <Button onClick={() => setSecret(undefined)}>
          <EyeOff aria-hidden="true" className="size-4" /> Hide
        </Button>
      ) : (
        <Button busy={busy} onClick={async () => setSecret((await run())?.secret)}>
          <Eye aria-hidden="true" className="size-4" /> Reveal
        </Button>
      )}
      <FailureBanner failure={failure} />
    </div>
  )
}
