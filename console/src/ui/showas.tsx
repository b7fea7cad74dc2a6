import { root } from '../api/client'
import { Copy } from './copy'
import { goCall, type Method } from './golang'
import { quote } from './shell'
import { Tabs } from './tabs'

export { hidden } from './golang'

/** A request of the management API, as a form is about to send it. */
export type Asked = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** After /api/v1. */
  path: string
  body?: unknown
  /** The same in the command line, after "counterfoil". */
  cli: string
  /** The same in Go, with a `client.Client` called c: the method that sends the body and what it is told before that, or the line. */
  go: string | readonly [Method, ...string[]]
}

const base = () => `${location.origin}${root}/api/v1`

/** A request as curl sends it; its token comes from the environment, so that none stands in the history of a shell. */
export function curlOf({ method, path, body }: Pick<Asked, 'method' | 'path' | 'body'>): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quote(base() + path)}`, `  -H "Authorization: Bearer $TOKEN"`]
  if (body !== undefined) lines.push(`  -H 'Content-Type: application/json'`, `  -d ${quote(JSON.stringify(body))}`)
  return lines.join(' \\\n')
}

const goOf = ({ go, body }: Asked) => (typeof go === 'string' ? go : goCall(go[0], go.slice(1), body ?? {}))

/** What the form does, for those who would rather write it down: the console can do nothing that these cannot. */
export function ShowAs({ asked }: { asked: Asked | readonly Asked[] }) {
  const all = [asked].flat() as Asked[]
  const ways = [
    { name: 'CLI', text: all.map(({ cli }) => `counterfoil ${cli}`).join('\n') },
    { name: 'curl', text: all.map(curlOf).join('\n') },
    { name: 'Go', text: all.map(goOf).join('\n') },
  ]
  return (
    <details className="rounded-lg border border-line">
      <summary className="cursor-pointer px-4 py-2 font-semibold">Show as CLI, curl or Go</summary>
      <div className="px-4 pb-4">
        <Tabs label="The same without the console" tabs={ways.map(({ name, text }) => ({ name, children: <Snippet text={text} what={`the ${name} form`} /> }))} />
      </div>
    </details>
  )
}

/** Some lines to copy. */
export function Snippet({ text, what }: { text: string; what: string }) {
  return (
    <div className="relative">
      <pre tabIndex={0} className="overflow-x-auto rounded-lg border border-line bg-paper p-3 pt-11 font-mono text-sm whitespace-pre">{text}</pre>
      <Copy text={text} what={what} className="absolute top-2 right-2 bg-card" />
    </div>
  )
}
