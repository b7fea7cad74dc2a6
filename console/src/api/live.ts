// What others change shows by itself: the ledger's stream says that something happened, and what is on the screen is asked for again.
import type { QueryClient } from '@tanstack/react-query'
import { root } from './client'
import { attended, onReturn } from './presence'

const rest = 1_000 // one burst of events, one refresh
const patience = [1_000, 2_000, 5_000, 15_000, 30_000]

/** What the tab that reads the stream tells the others: whether it can, how far it has come, and whether something happened. */
type News = { live: boolean; last: string; happened?: boolean }

/**
 * Listens until stopped. One tab of a browser reads the stream and tells the others: over HTTP/1.1 a browser has six connections
 * to a server, and a seventh tab would wait for ever. When that tab goes, the next one reads on where it was.
 */
export function listen(queries: QueryClient, onState: (live: boolean) => void): () => void {
  const stop = new AbortController()
  const name = `counterfoil-live ${root}`
  const tabs = new BroadcastChannel(name)
  const refresh = refresher(queries, stop.signal)
  let now: News = { live: false, last: '' }
  let reads = false
  const hear = (news: News) => {
    now = { live: news.live, last: news.last }
    onState(news.live)
    if (news.happened) refresh()
  }
  const tell = (news: News) => {
    hear(news)
    tabs.postMessage(news)
  }
  tabs.onmessage = ({ data }: MessageEvent<News | 'how is it?'>) => {
    if (data !== 'how is it?') hear(data)
    else if (reads) tabs.postMessage(now)
  }
  tabs.postMessage('how is it?')
  const read = async () => {
    reads = true
    await follow(now.last, tell, stop.signal)
    reads = false
  }
  // Without locks, which plain HTTP to another machine has none of, each tab reads for itself.
  if (navigator.locks) navigator.locks.request(name, { signal: stop.signal }, read).catch(() => {}) // stopped while it waited
  else void read()
  return () => {
    stop.abort()
    tabs.close()
  }
}

/** Asks again for what is on the screen, once for a burst of events. */
function refresher(queries: QueryClient, signal: AbortSignal) {
  let pending: ReturnType<typeof setTimeout> | undefined
  let missed = false
  const refresh = () => {
    pending ??= setTimeout(() => {
      pending = undefined
      missed = !attended()
      if (!missed) void queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => first !== 'search' && first !== 'hint' })
    }, rest)
  }
  const stop = onReturn(() => missed && refresh())
  signal.addEventListener('abort', () => {
    stop()
    clearTimeout(pending)
  })
  return refresh
}

/** Reads the stream, and again when it breaks off, until there is nothing to hear. EventSource cannot send the header that it needs (WHATWG HTML §9.2). */
async function follow(last: string, tell: (news: News) => void, signal: AbortSignal) {
  const read = async () => {
    const headers: Record<string, string> = { 'X-Counterfoil': 'console' }
    if (last) headers['Last-Event-ID'] = last
    let event = ''
    const answer = await fetch(`${root}/api/v1/ledger/stream${last ? '' : '?after=-1'}`, { headers, signal })
    if (answer.status === 409) last = '' // the ledger was set back
    if (!answer.ok || !answer.body) return answer.status
    tell({ live: true, last })
    let rest = ''
    for await (const chunk of chunks(answer.body)) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      let came = false
      let happened = false
      for (const line of lines) {
        if (line.startsWith('id:')) last = line.slice(3).trim()
        else if (line.startsWith('event:')) event = line.slice(6).trim()
        else if (line.startsWith('data:')) {
          came = true
          happened ||= event === 'ledger' // a stream also says where it begins and why it ends
        }
      }
      if (came) tell({ live: true, last, happened })
    }
    return 200
  }
  for (let failures = 0; !signal.aborted; ) {
    const status = await read().catch(() => 0)
    if (signal.aborted) return
    tell({ live: false, last })
    if (status === 401 || status === 403 || status === 404) return // nobody, or nothing to hear
    failures = status === 200 ? 0 : failures + 1
    await new Promise((done) => setTimeout(done, patience[Math.min(failures, patience.length - 1)]))
    if (failures === 1) tell({ live: false, last, happened: true })
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
