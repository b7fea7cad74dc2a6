import { useEffect, useState } from 'react'
import { api, ask } from '../../api/client'
import type { Verification } from '../../api/schema'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'

const number = new Intl.NumberFormat('en')

/** Proves, part by part, that nobody edited the ledger. */
export function Verify({ onClose }: { onClose: () => void }) {
  const [seen, setSeen] = useState({ to: 0, checkpoints: 0, erased: 0 })
  const [verdict, setVerdict] = useState<'whole' | Verification['findings']>()
  const { run, busy, failure } = useAction(async () => {
    let sum = { to: 0, checkpoints: 0, erased: 0 }
    for (let from: number | undefined = 1; from !== undefined; ) {
      const part: Verification = await ask(api.POST('/ledger/verify', { body: { from } }))
      sum = { to: part.to, checkpoints: sum.checkpoints + part.checkpoints, erased: sum.erased + part.erased }
      setSeen(sum)
      if (!part.verified) return part.findings
      from = part.next
    }
    return 'whole' as const
  })
  useEffect(() => {
    void run().then((result) => {
      setVerdict(result)
      if (result) announce(result === 'whole' ? 'The ledger is whole' : 'The ledger was edited')
    })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when it is opened
  }, [])
  return (
    <Dialog open title="Verify the ledger" onClose={onClose}>
      <div className="space-y-4">
        {busy && <p role="status">Looking at every hash: {number.format(seen.to)} so far …</p>}
        <FailureBanner failure={failure} />
        {verdict === 'whole' && (
          <Banner kind="good" title="The ledger is whole">
            <p>
              {number.format(seen.to)} events fit together, and so do {number.format(seen.checkpoints)} signed checkpoints.
              {seen.erased > 0 && ` What ${number.format(seen.erased)} of them said was erased, as the ledger says itself.`}
            </p>
          </Banner>
        )}
        {Array.isArray(verdict) && (
          <Banner kind="wrong" title="The ledger does not fit together">
            <ul className="list-disc pl-5">
              {verdict.map((finding, i) => (
                <li key={i}>{Object.values(finding).join(' · ')}</li>
              ))}
            </ul>
          </Banner>
        )}
        <p className="text-sm text-soft">
          The server looks at its own database here. Who does not trust the server verifies from outside, with a checkpoint kept elsewhere: <code className="font-mono">counterfoil audit verify</code>
        </p>
        <DialogButtons>
          <Button onClick={onClose}>Close</Button>
        </DialogButtons>
      </div>
    </Dialog>
  )
}
