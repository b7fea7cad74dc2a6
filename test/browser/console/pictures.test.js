// The pictures of the README: the ten main screens, in light and dark, with something on them. They are taken in every run;
// make pictures keeps them in docs/img.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { browser, house } from '../house.js'
import { administrator } from './console.js'

const home = fileURLToPath(new URL('../../../docs/img', import.meta.url))
const day = 86_400_000
const soon = (days) => new Date(Date.now() + days * day).toISOString()

/** A company with a few things going on, some of them not well. */
async function company(server) {
  const api = await server.call('POST', '/apis', { name: 'Invoices', audience: 'https://invoices.example', scopes: [{ name: 'invoices:read' }, { name: 'invoices:write' }] })
  const made = {}
  for (const [name, days] of [['billing', 5], ['payroll sync', 200], ['warehouse', 25], ['partner portal', 400], ['nightly reports', 61]]) {
    made[name] = await server.call('POST', '/applications', { name, scopes: ['invoices:read', 'invoices:write'], secret: { description: 'production', expires_at: soon(days) } })
  }
  const billing = made.billing.client_id
  const key = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' } // pictures are taken without a network
  await server.call('POST', `/applications/${billing}/secrets`, { description: 'laptop of Ada', scopes: ['invoices:read'], expires_at: soon(88) })
  await server.call('POST', `/applications/${billing}/trusts`, { description: 'deployments', issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:example/billing:ref:refs/heads/main', audience: api.audience, jwks: { keys: [key] } })
  for (let i = 0; i < 40; i++) {
    await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${billing}:${i % 9 ? made.billing.secret.secret : 'cfs_wrong'}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
  }
  await server.call('POST', '/credentials', { name: 'Ada Lovelace – payroll sync', access: 'read-users', expires_at: soon(12) })
  await server.call('POST', '/credentials', { name: 'Grace Hopper – directory import', access: 'manage-users' })
  const old = await server.call('POST', '/credentials', { name: 'Old import', access: 'manage-all' })
  await server.call('POST', `/credentials/${old.client_id}/disable`)
  for (const name of ['grace', 'katherine', 'dorothy', 'margaret']) await server.person(name)
  return { billing }
}

test('the ten main screens have their pictures', async (t) => {
  const keys = await mkdtemp(join(tmpdir(), 'counterfoil-keys-')) // as it ought to be, and the first screen names no folder
  const [server, chromium] = await Promise.all([house('--listen', 'localhost:0', '--root-key-file', join(keys, 'root.key')), browser()])
  t.after(async () => {
    await chromium.close()
    await server.stop()
    await rm(keys, { recursive: true })
  })
  const keep = process.env.PICTURES === 'keep'
  const folder = keep ? home : await mkdtemp(join(tmpdir(), 'counterfoil-pictures-'))
  t.after(() => keep || rm(folder, { recursive: true, force: true }))
  await mkdir(folder, { recursive: true })
  const visitor = await administrator(server, chromium, { viewport: { width: 1280, height: 800 } })
  const { billing } = await company(server)
  const screens = {
    overview: '/',
    applications: '/applications',
    credentials: `/applications/${billing}/credentials`,
    use: `/applications/${billing}/use`,
    'api-credentials': '/api-credentials',
    integration: '/integration/global',
    users: '/directory/users',
    providers: '/connect/providers',
    ledger: '/ledger',
    hygiene: '/hygiene',
  }
  for (const theme of ['light', 'dark']) {
    for (const [name, path] of Object.entries(screens)) {
      await visitor.open(path)
      await visitor.page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme)
      await visitor.page.waitForTimeout(150) // transitions of colours
      await visitor.page.screenshot({ path: join(folder, `console-${name}-${theme}.png`) })
    }
  }
  assert.deepEqual(visitor.strayed, [])
  const ofConsole = async (where) => (await readdir(where)).filter((name) => name.startsWith('console-')).sort()
  const taken = await ofConsole(folder)
  assert.equal(taken.length, 20)
  for (const name of taken) assert.ok((await stat(join(folder, name))).size > 10_000, name)
  assert.deepEqual(await ofConsole(home), taken, 'make pictures keeps those that are new')
})
