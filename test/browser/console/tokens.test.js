// Tokens and the keys that sign them, on the screens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atConsole } from './console.js'

const { server, visitor } = await atConsole()

test('a pasted token is explained, revoked and dead, and stands in no address and no storage', async () => {
  const { page, open } = visitor
  await server.call('POST', '/apis', { name: 'Invoices', audience: 'https://invoices.example', token_format: 'handle', scopes: [{ name: 'invoices:read' }] })
  const made = await server.call('POST', '/applications', { name: 'billing', scopes: ['invoices:read'], secret: {} })
  const answer = await fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${made.client_id}:${made.secret.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'invoices:read' }),
  })
  const { access_token: token } = await answer.json()
  const asked = []
  page.on('request', (r) => asked.push(r.url()))
  await open('/tokens')
  await page.getByRole('textbox', { name: 'Token' }).fill(`  ${token}\n`)
  await page.getByRole('button', { name: 'Inspect token' }).click()
  await page.getByText('Active', { exact: true }).waitFor()
  await page.locator('pre').filter({ hasText: 'invoices:read' }).waitFor()
  await page.getByRole('button', { name: 'Revoke this token' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke this token' }).click()
  await page.locator('#main').getByText('The token is revoked.').waitFor()
  await page.getByText('Not active', { exact: true }).waitFor()
  assert.equal((await server.call('POST', '/tokens/inspect', { token })).active, false)
  assert.deepEqual(asked.filter((url) => url.includes(token.slice(4, 20))), [])
  assert.ok(!JSON.stringify(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, location.href])).includes(token.slice(4, 20)))
  await page.getByRole('textbox', { name: 'Token' }).fill('nonsense')
  await page.getByRole('button', { name: 'Inspect token' }).click()
  await page.getByText('Not one of ours').waitFor()
})

test('keys are rotated, and one that somebody else may have is withdrawn only after its id is typed', async () => {
  const { page, open } = visitor
  const keys = async (state) => (await server.call('GET', '/keys')).items.filter((key) => key.state === state && key.alg === 'ES256').map((key) => key.id)
  const [[first], [next]] = [await keys('active'), await keys('next')]
  await open('/tokens/keys')
  await page.getByRole('button', { name: 'Rotate keys' }).click()
  await page.getByRole('dialog').getByLabel('Rotate even if').check()
  await page.getByRole('dialog').getByText('Show as CLI, curl or Go').click()
  assert.match(await page.getByRole('dialog').locator('pre').first().innerText(), /key rotate --alg ES256 --force$/)
  await page.getByRole('button', { name: 'Rotate ES256 key' }).click()
  await page.locator('#main').getByText('The next ES256 key signs from now on.').waitFor()
  assert.deepEqual([await keys('active'), await keys('retired')], [[next], [first]])
  await page.getByRole('row').filter({ hasText: next }).getByText('Signs').waitFor()
  await page.getByRole('button', { name: `key ${next}` }).click()
  await page.getByRole('menuitem', { name: 'Withdraw' }).click()
  const dialog = page.getByRole('alertdialog')
  const go = dialog.getByRole('button', { name: 'Withdraw key' })
  assert.equal(await go.isDisabled(), true, 'a key that signs goes only after its id is typed')
  await dialog.getByRole('textbox').fill(next)
  await go.click()
  await page.locator('#main').getByText('The key is deleted, and its tokens are dead.').waitFor()
  assert.ok(!(await server.call('GET', '/keys')).items.some((key) => key.id === next))
})
