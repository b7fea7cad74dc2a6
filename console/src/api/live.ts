// What others change shows by itself: the ledger's stream says that something happened, and what is on the screen is asked for again.
import type { QueryClient } from '@tanstack/react-query'
import { root } from './client'

const idle = 5 * 60_000 // milliseconds without a key, a press or a look
const signs = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'visibilitychange'] as const
const rest = 1_000 // one burst of events, one refresh
const patience = [1_000, 2_000, 5_000, 15_000, 30_000]

/** Listens until stopped. A stream needs a header, which EventSource cannot send, so it is read by hand (WHATWG HTML §9.2). */
export function listen(queries: QueryClient, onState: (live: boolean) => void): () => void {
  const stop = new AbortController()
  let last = ''
  let pending: ReturnType<typeof setTimeout> | undefined
  let moved = Date.now()
  let waiting = false
  const refresh = () => {
    pending ??= setTimeout(() => {
      pending = undefined
      // Asking keeps the session alive. A console that nobody sits at must not: it waits until somebody moves.
      waiting = document.visibilityState === 'hidden' || Date.now() - moved > idle
      if (!waiting) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'search' })
    }, rest)
  }
  const move = () => {
    moved = Date.now()
    if (waiting) refresh()
  }
  for (const sign of signs) document.addEventListener(sign, move, { signal: stop.signal, passive: true })
  const read = async () => {
    const headers: Record<string, string> = { 'X-Counterfoil': 'console' }
    if (last) headers['Last-Event-ID'] = last
    let happened = false
    const answer = await fetch(`${root}/api/v1/ledger/stream${last ? '' : '?after=-1'}`, { headers, signal: stop.signal })
    if (answer.status === 409) last = '' // the ledger was set back
    if (!answer.ok || !answer.body) return answer.status
    onState(true)
    let rest = ''
    for await (const chunk of chunks(answer.body)) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('id:')) last = line.slice(3).trim()
        else if (line.startsWith('event:')) happened = line.endsWith('ledger') // a stream also says that it begins and ends
        else if (line.startsWith('data:') && happened) refresh()
      }
    }
    return 200
  }
  void (async () => {
    for (let failures = 0; !stop.signal.aborted; ) {
      const status = await read().catch(() => 0)
      onState(false)
      if (status === 401 || status === 403 || status === 404) return // nobody, or nothing to hear
      failures = status === 200 ? 0 : failures + 1
      await new Promise((done) => setTimeout(done, patience[Math.min(failures, patience.length - 1)]))
      if (failures === 1) refresh()
    }
  })()
  return () => {
    stop.abort()
    clearTimeout(pending)
  }
}

async function* chunks(body: ReadableStream<Uint8Array>) {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
