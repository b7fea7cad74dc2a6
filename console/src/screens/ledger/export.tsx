import { useState } from 'react'
import { api, ask } from '../../api/client'
import { useAction } from '../../ui/action'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { save } from '../../ui/save'
import type { Wanted } from '../parts/history'

const most = 100_000

/** Saves the events that the filters leave as NDJSON, the oldest first, each with all that it takes to verify it. */
export function Export({ of }: { of: Wanted }) {
  const [count, setCount] = useState(0)
  const { run, busy, failure } = useAction(async () => {
    const lines: string[] = []
    let cursor: string | undefined
    do {
      const page = await ask(api.GET('/ledger/events', { params: { query: { ...of, order: 'asc', limit: 1000, cursor } } }))
      lines.push(...page.items.map((event) => `${JSON.stringify(event)}\n`))
      cursor = page.next
      setCount(lines.length)
    } while (cursor && lines.length < most)
    return { lines, whole: !cursor }
  })
  const [cut, setCut] = useState(false)
  const take = async () => {
    const done = await run()
    if (!done) return
    setCut(!done.whole)
    save('ledger.ndjson', new Blob(done.lines, { type: 'application/x-ndjson' }))
  }
  return (
    <>
      <Button busy={busy} onClick={take}>
        {busy ? `Export: ${count}` : 'Export'}
      </Button>
      {cut && (
        <Banner kind="warn" title={`Only the first ${most.toLocaleString('en')} events are in the file`}>
          <p>Narrow the filters and export the rest, or read the whole ledger with counterfoil audit tail.</p>
        </Banner>
      )}
      <FailureBanner failure={failure} />
    </>
  )
}
