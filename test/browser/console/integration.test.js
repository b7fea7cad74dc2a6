// "Using the global REST API client credentials", step by step, on the screens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atConsole, spotless } from './console.js'

const { server, visitor } = await atConsole()
await server.call('PATCH', '/policy', { chosen_secrets: true })

const secret = 'Otter-granite-velvet-harbour-4711-lantern'
const logon = (id, with_) =>
  fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${with_}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  }).then((a) => a.status)

test('the global credential gets its secret, is disabled, and gives way to separate ones', async () => {
  const { page, open } = visitor
  await open('/')
  await page.getByRole('link', { name: 'Integration' }).click()
  await page.getByText('This way is being given up').waitFor()
  const id = await page.locator('dd code').first().innerText()
  // Edit, a secret, Enabled, Save.
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('REST API Client Secret').fill(secret)
  assert.ok(await page.getByLabel('Enabled').isChecked())
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/The secret is set/).first().waitFor()
  assert.equal(await page.locator('dd code').first().innerText(), id, 'the id never changes')
  assert.notEqual(await logon(id, secret), 401)
  // The Enabled box cleared.
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Enabled').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/Disabled: it opens nothing any more/).first().waitFor()
  assert.equal(await logon(id, secret), 401)
  assert.ok(!(await page.content()).includes(secret))
})

test('separate credentials are added, described, edited and deleted', async () => {
  const { page, open } = visitor
  await open('/integration/connections')
  await page.getByRole('button', { name: 'Add credential' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name').fill('partners')
  await form.getByLabel('Description').fill('for the partner portal')
  await form.getByRole('button', { name: 'Done' }).click()
  const shown = page.getByRole('dialog', { name: 'Credential partners' })
  await shown.getByLabel('I have stored it').check()
  await shown.getByRole('button', { name: 'Done' }).click()
  const row = page.locator('tbody tr', { hasText: 'partners' })
  assert.match(await row.innerText(), /for the partner portal/)
  const act = async (what) => {
    await row.getByRole('button', { name: /Actions/ }).click()
    await page.getByRole('menuitem', { name: what }).click()
  }
  await act('Edit')
  // Somebody else changes it meanwhile: nothing is lost, and both are shown.
  const [one] = (await server.call('GET', '/integration-credentials')).items
  await page.getByLabel('Description').fill('mine')
  await server.call('PATCH', `/integration-credentials/${one.client_id}`, { description: 'theirs' })
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByText('Somebody changed this meanwhile').waitFor()
  assert.match(await page.getByRole('dialog').innerText(), /for the partner portal[\s\S]*theirs[\s\S]*mine/)
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByText('partners is changed.').first().waitFor()
  await row.getByText('mine').waitFor()
  await act('Disable')
  await page.getByRole('button', { name: /Undo/ }).click()
  await page.getByText('partners is enabled.', { exact: false }).first().waitFor()
  await act('Delete')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete partners' }).click()
  await page.getByText('partners is deleted').first().waitFor()
})

test('an application gets a credential for its exchange, which is described, edited and deleted', async () => {
  const { page, open } = visitor
  await server.call('POST', '/applications', { name: 'crm' })
  await open('/integration/global')
  await page.locator('#main').getByRole('link', { name: 'Application Credentials', exact: true }).click()
  await page.getByRole('button', { name: 'Add credential' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Application').selectOption('crm')
  await form.getByLabel('Description').fill('asks who people are')
  await form.getByRole('button', { name: 'Done' }).click()
  await form.getByLabel('I have stored it').check()
  await form.getByRole('button', { name: 'Done' }).click()
  const row = page.locator('tbody tr', { hasText: 'asks who' })
  const act = async (what) => {
    await row.getByRole('button', { name: /Actions/ }).click()
    await page.getByRole('menuitem', { name: what }).click()
  }
  await act('Edit')
  await form.getByLabel('Description').fill('asks who they are')
  await form.getByRole('button', { name: 'Done' }).click()
  await row.getByText('asks who they are').waitFor()
  const [one] = (await server.call('GET', '/integration-credentials?kind=application')).items
  assert.equal(one.description, 'asks who they are')
  await act('Delete')
  await page.getByRole('alertdialog').getByRole('button', { name: /^Delete/ }).click()
  await row.waitFor({ state: 'detached' })
})

test('the screens are clean in light and dark', async () => {
  await spotless(visitor, ['/integration/global', '/integration/applications', '/integration/connections'], (what, flaws) => assert.deepEqual(flaws, [], what))
  assert.deepEqual(visitor.strayed, [])
  assert.deepEqual(visitor.complaints.filter((c) => !/status of 4/.test(c)), [])
})
