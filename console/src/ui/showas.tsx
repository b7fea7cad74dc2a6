import { root } from '../api/client'
import { Copy } from './copy'
import { Tabs } from './tabs'
import { quote } from './shell'

/** A request of the management API, as a form is about to send it. */
export type Asked = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** After /api/v1. */
  path: string
  body?: unknown
  /** The same in the command line, after "counterfoil". */
  cli: string
  /** The same in Go, with a `client.Client` called c. */
  go: string
}

const base = () => `${location.origin}${root}/api/v1`

/** A request as curl sends it; its token comes from the environment, so that none stands in the history of a shell. */
export function curlOf({ method, path, body }: Pick<Asked, 'method' | 'path' | 'body'>): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quote(base() + path)}`, `  -H "Authorization: Bearer $TOKEN"`]
  if (body !== undefined) lines.push(`  -H 'Content-Type: application/json'`, `  -d ${quote(JSON.stringify(body))}`)
  return lines.join(' \\\n')
}

/** What the form does, for those who would rather write it down: the console can do nothing that these cannot. */
export function ShowAs({ asked }: { asked: Asked }) {
  const ways = [
    { name: 'CLI', text: `counterfoil ${asked.cli}` },
    { name: 'curl', text: curlOf(asked) },
    { name: 'Go', text: asked.go },
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
