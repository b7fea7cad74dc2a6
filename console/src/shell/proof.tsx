import { useEffect, useSyncExternalStore } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { root } from '../api/client'
import { heardProof, proof } from '../api/proof'
import type { SignedIn } from '../api/schema'
import { sessionQuery } from '../api/session'
import { Button } from '../ui/button'
import { Dialog, DialogButtons } from '../ui/dialog'

const page = () => `${root}/signin/step-up?return_to=${encodeURIComponent(`${root}/console/proved`)}`

/** Asks for a fresh proof of who is there. It is given in a small window, so what was typed here stays. */
export function ProofDialog() {
  const asked = useSyncExternalStore(proof.subscribe, proof.now)
  const queries = useQueryClient()
  useEffect(() => {
    if (!asked) return
    return heardProof(async () => {
      const before = queries.getQueryData<SignedIn>(sessionQuery.queryKey)
      const now = await queries.fetchQuery({ ...sessionQuery, staleTime: 0 })
      // Had the session ended meanwhile, somebody else may have signed in: what waits here was not asked by them.
      if (now.user.id === before?.user.id) asked.done(true)
      else location.reload()
    })
  }, [asked, queries])
  return (
    <Dialog open={asked !== undefined} onClose={() => asked?.done(false)} title="Confirm that it is you" description="Making, rotating, deleting and revealing credentials asks for a proof that is at most five minutes old. What you typed stays here.">
      <DialogButtons>
        <Button onClick={() => asked?.done(false)}>Not now</Button>
        <Button look="primary" id="prove" onClick={() => window.open(page(), 'counterfoil-proof', 'popup,width=520,height=720')}>
          Confirm in a small window
        </Button>
      </DialogButtons>
      <p className="mt-3 text-sm text-soft">
        No window? <a className="underline" href={page()} target="_blank" rel="opener">Open it in a tab</a>; this one goes on by itself.
      </p>
    </Dialog>
  )
}
