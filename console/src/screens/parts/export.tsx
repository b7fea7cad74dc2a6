import { useState } from 'react'
import { api, ask } from '../../api/client'
import { Failure } from '../../api/problem'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { save } from '../../ui/save'
import type { Wanted } from './history'

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>

const number = new Intl.NumberFormat('en')

/** Saves the events that the filters leave as the server writes them: the oldest first, with an end that shows that none is missing. */
export function Export({ of }: { of: Wanted }) {
  const [lines, setLines] = useState(0)
  const { run, busy, failure } = useAction(async () => {
    setLines(0)
    const body = (await ask(api.GET('/ledger/export', { params: { query: of }, parseAs: 'stream' }))) as unknown as Bytes | undefined
    return gather(body ?? new Blob().stream(), setLines) // what has no length has no body
  })
  const take = async () => {
    const file = await run()
    if (!file) return
    save('ledger.ndjson', file)
    announce('The ledger is exported')
  }
  return (
    <>
      <Button busy={busy} onClick={take}>
        {busy ? `Export: ${number.format(lines)}` : 'Export'}
      </Button>
      <FailureBanner failure={failure} />
    </>
  )
}

const newline = 10
const piece = 4 << 20 // bytes

/**
 * Reads an export to its end. What came is put away as blobs, which browsers keep outside of the page's memory. A file that was cut
 * off on the way is not saved: its last line does not say that it is the end.
 */
async function gather(body: Bytes, onLines: (lines: number) => void): Promise<Blob> {
  const type = 'application/x-ndjson'
  const pieces: Blob[] = []
  let open: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  let lines = 0
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
    if (value) {
      open.push(value)
      size += value.length
      for (let at = value.indexOf(newline); at >= 0; at = value.indexOf(newline, at + 1)) lines++
      onLines(lines)
    }
    if (done || size > piece) {
      pieces.push(new Blob(open, { type }))
      open = []
      size = 0
    }
    if (done) break
  }
  const whole = new Blob(pieces, { type })
  const { end, broken } = last((await whole.slice(-4096).text()).trimEnd())
  if (!end || end.count !== lines - 1) {
    throw new Failure({ status: 0, detail: `the export broke off after ${number.format(lines)} lines${broken ? `: ${broken.detail}` : ''}; nothing was saved, try again` })
  }
  return whole
}

type Last = { end?: { count: number }; broken?: { detail: string } }

function last(text: string): Last {
  try {
    return JSON.parse(text.slice(text.lastIndexOf('\n') + 1)) as Last
  } catch {
    return {}
  }
}
