// What a form sends, beside what the lines send that it shows for the command line, curl and Go.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const secret = '…'
/** Typed where a form asks for a secret; the lines have a mark there, or read it from somewhere else. */
export const typed = 'granite otter velvet 9 harbour'

const refusal = JSON.stringify({ type: 'about:blank', title: 'Conflict', status: 409, detail: 'This server takes notes only.' })

/** Stands before a server, lets pass what reads, and notes what would change something. It must be stopped. */
export async function notary(server) {
  const noted = []
  let address
  const front = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    if (request.method !== 'GET' && request.url.startsWith('/api/')) {
      noted.push({ method: request.method, path: request.url, body: body.length ? JSON.parse(body) : undefined })
      return response.writeHead(409, { 'content-type': 'application/problem+json' }).end(refusal)
    }
    const { host, connection, ...headers } = request.headers
    // Tokens are for the server behind, whatever the front is called.
    const named = String(body).replaceAll(encodeURIComponent(address), encodeURIComponent(server.issuer))
    delete headers['content-length']
    const answer = await fetch(server.issuer + request.url, { method: request.method, headers, body: named || undefined, redirect: 'manual' })
    response.writeHead(answer.status, [...answer.headers].filter(([name]) => !/^(content-(length|encoding)|transfer-encoding|connection)$/.test(name)))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise((ready) => front.listen(0, '127.0.0.1', ready))
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-lines-'))
  address = `http://127.0.0.1:${front.address().port}`
  const token = (await (await fetch(`${server.issuer}/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${server.client.id}:${server.client.secret}`)}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) })).json()).access_token
  const env = {
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
    HOME: folder,
    TOKEN: token,
    COUNTERFOIL_URL: address,
    COUNTERFOIL_CLIENT_ID: server.client.id,
    COUNTERFOIL_CLIENT_SECRET: server.client.secret,
  }
  const run = (file, args, more) => new Promise((done) => execFile(file, args, { env, cwd: folder, timeout: 60_000, ...more }, (_, out, err) => done(out + err)))
  return {
    /** Puts a file where the lines are run. */
    file: (name, text) => writeFile(join(folder, name), text),
    /** Runs a line in a shell and returns what it would have changed. */
    async line(text) {
      noted.length = 0
      const said = await run('sh', ['-c', text.replaceAll(server.issuer, address)])
      assert.ok(noted.length > 0, `${text}\nsent nothing: ${said}`)
      return noted.splice(0)
    },
    /** Compiles and runs calls of the Go client, and returns what each would have changed. */
    async go(calls) {
      const secrets = [...new Set(calls.join().match(/os\.Getenv\("(\w+)"\)/g) ?? [])].map((one) => /"(\w+)"/.exec(one)[1])
      const one = (call) => `\tfunc() {\n\t\t${call.replace(/\b(\w+), err := /g, '_, err = ')}\n\t\tfmt.Println("said", err)\n\t}()\n`
      const needs = ['context', 'fmt', 'os', 'time'].map((path) => `\t"${path}"\n`).join('')
      await writeFile(
        join(folder, 'main.go'),
        `package main\n\nimport (\n${needs}\n\t"github.com/counterfoil/counterfoil/client"\n)\n\nvar _ = time.UTC\n\nfunc main() {\n\tctx := context.Background()\n\tc, err := client.New(client.Options{BaseURL: os.Getenv("COUNTERFOIL_URL"), ClientID: os.Getenv("COUNTERFOIL_CLIENT_ID"), ClientSecret: client.NewSecret(os.Getenv("COUNTERFOIL_CLIENT_SECRET"))})\n\tif err != nil {\n\t\tpanic(err)\n\t}\n${calls.map(one).join('')}}\n`,
      )
      noted.length = 0
      const said = await run('go', ['run', join(folder, 'main.go')], {
        cwd: root,
        timeout: 300_000,
        env: { ...process.env, ...env, HOME: process.env.HOME, CGO_ENABLED: '0', ...Object.fromEntries(secrets.map((name) => [name, secret])) },
      })
      assert.equal(noted.length, calls.length, said)
      return noted.splice(0)
    },
    async stop() {
      front.close()
      front.closeAllConnections()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const moment = /^\d{4}-\d\d-\d\dT/
// A span that is counted from now is counted at another moment by each way.
const together = (a, b) => moment.test(a) && moment.test(b) && Math.abs(Date.parse(a) - Date.parse(b)) < 10 * 60_000

/** Nothing is in one that is not in the other, at most times that lie together. */
export function same(one, other, what) {
  const align = (a, b) => {
    if (typeof a === 'string' && typeof b === 'string' && together(a, b)) return b
    if (Array.isArray(a) && Array.isArray(b)) return a.map((value, i) => align(value, b[i]))
    if (a && b && typeof a === 'object' && typeof b === 'object') return Object.fromEntries(Object.entries(a).map(([name, value]) => [name, align(value, b[name])]))
    return a
  }
  assert.deepEqual(align(one, other), other, what)
}

const masked = (value) => JSON.parse(JSON.stringify(value).replaceAll(typed, secret))

/** Reads the lines of the form with that button, presses it, and returns both; nothing is changed. */
export async function shown(page, verb) {
  const button = page.getByRole('button', { name: verb, exact: true })
  const form = page.locator('form').filter({ has: button })
  const details = form.locator('details', { hasText: 'Show as CLI, curl or Go' })
  await details.locator('summary').click()
  const lines = {}
  for (const way of ['CLI', 'curl', 'Go']) {
    await details.getByRole('tab', { name: way, exact: true }).click()
    lines[way] = await details.getByRole('tabpanel', { name: way, exact: true }).locator('pre').textContent()
  }
  const sent = []
  const note = async (route) => {
    const request = route.request()
    if (request.method() === 'GET') return route.fallback()
    const url = new URL(request.url())
    sent.push(masked({ method: request.method(), path: url.pathname + url.search, body: request.postDataJSON() ?? undefined }))
    await route.fulfill({ status: 409, contentType: 'application/problem+json', body: refusal })
  }
  await page.route('**/api/v1/**', note)
  await button.click()
  await page.getByText('This server takes notes only.').first().waitFor()
  await page.unroute('**/api/v1/**', note)
  return { lines, sent }
}
