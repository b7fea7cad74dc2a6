// Several credentials are disabled at once, and that is taken back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flaws } from '../house.js'
import { atConsole } from './console.js'

const { server, visitor } = await atConsole()

/** Makes an application with a secret that never expires, and gets a token with it. */
async function endless(name) {
  const { client_id: id, secret } = await server.call('POST', '/applications', { name, scopes: ['applications:read'], secret: { description: `of ${name}` } })
  const ask = () =>
    fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
  const token = (await (await ask()).json()).access_token
  return {
    id,
    secret: secret.id,
    ask,
    enabled: async () => (await server.call('GET', `/applications/${id}/credentials?id=${secret.id}`)).items[0].enabled,
    alive: async () => (await server.call('POST', '/tokens/inspect', { token })).active,
  }
}

const choose = (page, name) => page.getByLabel(`Choose ${name}, Never expires`).check()

test('what was disabled together is enabled again together: exactly that, and its tokens stay dead', async () => {
  const { page, open } = visitor
  const [one, two, other] = await Promise.all(['one', 'two', 'other'].map(endless))
  assert.ok(await one.alive())
  await open('/hygiene')
  for (const name of ['one', 'two', 'other']) await choose(page, name)
  await page.getByRole('button', { name: 'Disable 3 chosen' }).click()
  const dialog = page.getByRole('alertdialog', { name: 'Disable 3 credentials?' })
  await dialog.getByText('the tokens stay dead').waitFor()
  await server.call('POST', `/applications/${other.id}/secrets/${other.secret}/disable`) // somebody is faster
  await dialog.getByRole('button', { name: 'Disable 3 credentials' }).click()
  await page.locator('#main').getByText('2 disabled. Their tokens are dead and stay so. 1 could not be used any more already.').waitFor()
  for (const each of [one, two]) {
    assert.equal(await each.enabled(), false)
    assert.equal((await each.ask()).status, 401)
  }
  await page.getByText('tokens from before stay dead').waitFor()
  assert.deepEqual(await flaws(page), [])
  await page.getByRole('button', { name: 'Undo: enable 2 credentials' }).click()
  await page.locator('#main').getByText('2 enabled again. New tokens are had with them; those from before stay dead.').waitFor()
  for (const each of [one, two]) {
    assert.equal(await each.enabled(), true)
    assert.equal((await each.ask()).status, 200)
    assert.equal(await each.alive(), false)
  }
  assert.equal(await other.enabled(), false, 'it was not ours to enable')
  assert.equal(await page.getByRole('button', { name: /^Undo/ }).count(), 0)
  await page.getByLabel('Choose one, Never expires').waitFor() // it can be used, so it is a finding again
})

test('what breaks off half-way says how far it came, and that much is taken back', async () => {
  const { page, open } = visitor
  const [first, second] = [await endless('first'), await endless('second')]
  await open('/hygiene')
  for (const name of ['first', 'second']) await choose(page, name)
  await page.getByRole('button', { name: 'Disable 2 chosen' }).click()
  let calls = 0
  await page.route('**/disable', (route) => (calls++ === 0 ? route.continue() : route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify({ status: 500, code: 'internal', detail: 'the second one broke' }) })))
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable 2 credentials' }).click()
  await page.locator('#main').getByText(/^1 disabled\./).waitFor()
  await page.getByRole('alert').getByText('The second one broke').waitFor()
  const states = async () => [await first.enabled(), await second.enabled()].sort()
  assert.deepEqual(await states(), [false, true])
  visitor.complaints.length = 0
  await page.getByRole('button', { name: /^Undo: enable of (first|second)$/ }).click()
  await page.locator('#main').getByText(/^1 enabled again\./).waitFor()
  assert.deepEqual(await states(), [true, true])
  await page.unroute('**/disable')
})

test('a row leads to the credential, which opens, and can be disabled there', async () => {
  const { page, open } = visitor
  const made = await endless('led to')
  await open('/hygiene')
  await page.getByRole('row').filter({ hasText: 'led to' }).filter({ hasText: 'Never expires' }).getByRole('link', { name: 'led to' }).click()
  await page.waitForURL(`**/applications/${made.id}/credentials?open=${made.secret}`)
  await page.getByRole('dialog', { name: 'Secret of led to' }).getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('button', { name: 'Undo: enable of led to' }).waitFor()
  assert.equal(await made.enabled(), false)
  assert.deepEqual(visitor.strayed, [])
  assert.deepEqual(visitor.complaints, [])
})
