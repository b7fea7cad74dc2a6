// "Working with API Credentials", step by step, on the screens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atConsole, spotless } from './console.js'

const { server, visitor } = await atConsole()

const name = 'Ada Lovelace – payroll sync'

/** Fetches a token with a pair. */
const logon = (id, secret) =>
  fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
const row = (page, text) => page.locator('tbody tr', { hasText: text })

test('an API credential pair is created, viewed, disabled, enabled again and deleted', async () => {
  const { page, open } = visitor
  await open('/')
  // Creating: go to API credentials, New credential, a name, one of five scopes, Save, copy, Done.
  await page.getByRole('link', { name: 'API credentials' }).click()
  await page.getByRole('button', { name: 'New credential' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  for (const access of ['Authentication only', 'Read users', 'Manage users', 'Read all', 'Manage all']) assert.ok(await page.getByLabel(access).isVisible(), access)
  await page.getByLabel('Read users').check()
  await page.getByRole('button', { name: 'Save' }).click()
  const shown = page.getByRole('dialog', { name: `API credential ${name}` })
  const [id, secret] = await Promise.all([shown.locator('dd code').nth(0).innerText(), shown.locator('[data-secret]').innerText()])
  assert.match(await shown.innerText(), /Keep these credentials secure/)
  const done = shown.getByRole('button', { name: 'Done' })
  assert.ok(await done.isDisabled(), 'nobody leaves before the secret is stored')
  await page.keyboard.press('Escape')
  assert.match(await shown.innerText(), /It is gone once this is closed/)
  await shown.getByLabel('I have stored it').check()
  await done.click()
  await row(page, name).waitFor()
  const answer = await logon(id, secret)
  assert.equal(answer.status, 200)
  const { access_token: token } = await answer.json()
  const read = () => fetch(`${server.issuer}/api/v1/users`, { headers: { authorization: `Bearer ${token}` } }).then((a) => a.status)
  assert.equal(await read(), 200)
  // Viewing: press the row.
  await page.getByRole('button', { name }).click()
  const one = page.getByRole('dialog', { name })
  assert.match(await one.innerText(), new RegExp(id))
  assert.ok(!(await page.content()).includes(secret), 'the secret is shown once')
  // Disabling: its tokens are dead at once; it stands among the disabled.
  await one.getByRole('button', { name: 'Disable' }).click()
  await one.getByText(/Disabled\. Its tokens are dead/).waitFor()
  assert.equal(await read(), 401)
  assert.equal((await logon(id, secret)).status, 401)
  await one.getByRole('button', { name: 'Close' }).click()
  await page.locator('section[aria-labelledby=disabled]').getByText(name).waitFor()
  // Enabling.
  await page.getByRole('button', { name }).click()
  await one.getByRole('button', { name: 'Enable', exact: true }).click()
  await one.getByText(/Enabled\. It gets new tokens/).waitFor()
  const fresh = await logon(id, secret)
  assert.equal(fresh.status, 200)
  assert.equal(await read(), 401, 'tokens from before stay dead')
  // Deleting: asked once, by name.
  await one.getByRole('button', { name: 'Delete' }).click()
  const sure = page.getByRole('alertdialog')
  assert.match(await sure.innerText(), /every token that was obtained with it stops working at once/)
  const typed = sure.getByLabel(/Type/)
  if (await typed.isVisible()) await typed.fill(name)
  await sure.getByRole('button', { name: `Delete ${name}` }).click()
  await sure.waitFor({ state: 'detached' })
  assert.equal((await logon(id, secret)).status, 401)
  await page.getByText('No API credentials yet').waitFor()
})

test('what is wrong with a field is said at the field, with the name of the request', async () => {
  const { page, open } = visitor
  await server.call('POST', '/credentials', { name: 'taken', access: 'read-all' })
  await open('/api-credentials')
  await page.keyboard.press('c')
  await page.getByLabel('Name', { exact: true }).fill('taken')
  await page.getByRole('button', { name: 'Save' }).click()
  const alert = page.getByRole('alert')
  await alert.waitFor()
  assert.match(await alert.innerText(), /Request\s+[0-9a-z-]+/i)
  await page.keyboard.press('Escape')
})

test('a form that was sent twice over a broken line makes one credential', async () => {
  const { page, open } = visitor
  await open('/api-credentials')
  let broken = 0
  await page.route('**/api/v1/credentials', async (route) => {
    if (route.request().method() !== 'POST' || broken > 1) return route.continue()
    broken++
    await route.fetch() // it arrives, and its answer is lost
    await route.abort('connectionreset')
  })
  await page.getByRole('button', { name: 'New credential' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('once only')
  await page.getByRole('button', { name: 'Save' }).click()
  await row(page, 'once only').waitFor()
  await page.unroute('**/api/v1/credentials')
  assert.equal(broken, 2)
  assert.equal((await server.call('GET', '/credentials?search=once')).items.length, 1)
})

test('the page is clean in light and dark', async () => {
  await spotless(visitor, ['/api-credentials'], (what, flaws) => assert.deepEqual(flaws, [], what))
  assert.deepEqual(visitor.strayed, [])
  assert.deepEqual(visitor.complaints.filter((c) => !/ERR_CONNECTION_RESET|status of 4/.test(c)), [])
})
