// Both halves against each other: one server issues a worker's credential, as the first document describes it, and
// another one holds it, as the fourth does.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { browser, house, visit } from './house.js'

let issuing, holding, chromium, folder, bearer

before(async () => {
  ;[issuing, chromium, folder] = await Promise.all([house(), browser(), mkdtemp(join(tmpdir(), 'counterfoil-providers-'))])
  // The provider's own file, whose table of regions has one row more: the other server. It stands for the hosts of the others.
  const file = await readFile(new URL('../../internal/connect/provider/catalogue/pingone.yaml', import.meta.url), 'utf8')
  const here = file
    .replace('    choices:\n', `    choices:\n      - {value: "${issuing.issuer}", label: Next door (test)}\n`)
    .replace('https://auth.pingone.${tld}', '${tld}')
    .replace('https://api.pingone.${tld}', '${tld}')
    .replace('path: /v1/environments/', 'path: /api/v1/environments/')
    .concat('revoke:\n  url: ${tld}/${environment_id}/oauth2/revoke\n  auth: client_secret_post\n  params: {token: "${access_token}"}\n')
  await writeFile(join(folder, 'pingone.yaml'), here)
  holding = await house('--connect-providers', folder, '--egress-allow', new URL(issuing.issuer).host)
  await holding.call('POST', '/connect/connectors', { provider: 'pingone' })
  bearer = (await holding.run('token', 'get')).trim()
})
after(async () => {
  await chromium?.close()
  await Promise.all([issuing?.stop(), holding?.stop()])
  if (folder) await rm(folder, { recursive: true, force: true })
})

const worker = {}

/** Links the worker through the page, by typing what the document names. */
async function link(session, secret) {
  const { url } = await holding.call('POST', '/connect/sessions', session)
  const { context, page, strayed, complaints } = await visit(chromium, holding.issuer, {})
  await page.goto(url)
  await page.waitForURL(/\/form$/)
  await page.getByLabel('Client ID', { exact: true }).fill(worker.id)
  await page.getByLabel('Client Secret', { exact: true }).fill(secret)
  await page.getByLabel('Environment ID', { exact: true }).fill(worker.environment)
  await page.getByLabel('Region', { exact: true }).selectOption('Next door (test)')
  await page.keyboard.press('Enter')
  return { context, page, strayed, complaints }
}

/** Calls the issuing server's API through the holding one. */
const through = (path) =>
  fetch(`${holding.issuer}/connect/proxy${path}`, {
    headers: { authorization: `Bearer ${bearer}`, 'counterfoil-connection': worker.connection },
  })

const state = () => holding.call('GET', `/connect/connections/${worker.connection}`)

/** Fetches a token anew and returns how the connection then is. */
async function refresh() {
  await setTimeout(10_500) // sooner, the answer of before is given again
  await holding.call('POST', `/connect/connections/${worker.connection}/refresh`).catch(() => {})
  return state()
}

test('a worker that one server issues is linked, used, rotated, switched off and on, and unlinked by another', { timeout: 180_000 }, async () => {
  const environments = await issuing.call('GET', '/environments')
  worker.environment = environments.items[0].id
  const app = await issuing.call('POST', '/applications', { name: 'Worker', kind: 'worker', auth_methods: ['client_secret_post'] })
  worker.id = app.client_id
  await issuing.call('POST', `/applications/${worker.id}/roles`, { role: 'environment-admin', over: 'environment', scope_id: worker.environment })
  const first = await issuing.call('POST', `/applications/${worker.id}/secrets`, {})

  // A typo is told as such, and nothing is stored.
  const wrong = await link({ connectors: ['pingone'] }, first.secret.slice(0, -6) + 'wrong1')
  await wrong.page.getByText('nothing was stored').waitFor()
  assert.equal((await holding.call('GET', '/connect/connections')).items.length, 0)
  await wrong.context.close()

  // Nobody has switched the application on yet, as the document's eighth step says; it is found out, and mended in place.
  const { context, page, strayed, complaints } = await link({ connectors: ['pingone'], tags: { customer: 'acme' } }, first.secret)
  await page.getByText('Switch the application on').waitFor()
  await issuing.call('POST', `/applications/${worker.id}/enable`)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.waitForURL(/\/done$/)
  assert.equal(await page.locator('h1').innerText(), 'PingOne is connected')
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
  const [made] = (await holding.call('GET', '/connect/connections?tag=customer%3Dacme')).items
  worker.connection = made.id
  assert.equal(made.state, 'healthy')

  // Programs call the issuing server's API without ever seeing the secret.
  const answer = await through('/api/v1/applications')
  assert.equal(answer.status, 200)
  assert.ok((await answer.json()).items.some((a) => a.client_id === worker.id))

  // A rotation with overlap: the former secret goes on until the customer has entered the new one at the same place.
  const second = await issuing.call('POST', `/applications/${worker.id}/secrets/${first.id}/rotate`, { old_ends_in: 3600 })
  assert.equal((await refresh()).state, 'healthy')
  const again = await link({ connection: worker.connection }, second.secret)
  await again.page.waitForURL(/\/done$/)
  await again.context.close()
  await issuing.call('DELETE', `/applications/${worker.id}/secrets/${first.id}`)
  assert.equal((await through('/api/v1/applications')).status, 200)
  assert.equal((await holding.call('GET', '/connect/connections')).items.length, 1)

  // Switched off: every token is dead at once, and the connection says what to do.
  await issuing.call('POST', `/applications/${worker.id}/disable`)
  assert.equal((await through('/api/v1/applications')).status, 401)
  const failing = await refresh()
  assert.deepEqual([failing.state, failing.stage], ['failing', 'application_enabled'])
  assert.match(failing.reason, /[Ss]witch the application on/)

  await issuing.call('POST', `/applications/${worker.id}/enable`)
  assert.equal((await refresh()).state, 'healthy')
  assert.equal((await through('/api/v1/applications')).status, 200)

  // Deleting revokes what is still out there.
  const { access_token: out } = await holding.call('GET', `/connect/connections/${worker.connection}/token`)
  const ask = () => fetch(`${issuing.issuer}/api/v1/applications`, { headers: { authorization: `Bearer ${out}` } })
  assert.equal((await ask()).status, 200)
  await holding.call('DELETE', `/connect/connections/${worker.connection}`)
  assert.equal((await ask()).status, 401)
  assert.equal((await through('/api/v1/applications')).status, 404)
})
