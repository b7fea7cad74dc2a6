// What ⌘K does besides finding: it begins things, and leads to a secret that leaked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flaws } from '../house.js'
import { administrator, atConsole } from './console.js'

const { server, chromium, visitor } = await atConsole()

const call = async (page, text) => {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search' }).fill(text)
}

const dialogs = [
  ['New application', 'New application', '/applications'],
  ['New API credential pair', 'New API credential', '/api-credentials'],
  ['New user', 'New user', '/directory/users'],
  ['New group', 'New group', '/directory/groups'],
  ['Invite somebody', 'Invite somebody', '/directory/invitations'],
  ['New connection', 'New connection', '/connect/connections'],
  ['New webhook', 'New webhook', '/webhooks'],
  ['Rotate signing keys', 'Rotate keys', '/tokens/keys'],
  ['Verify the ledger', 'Verify the ledger', '/ledger'],
]

test('an action opens its dialog with the focus in it, and neither a reload nor the way back opens it again', async () => {
  const { page, open, strayed, complaints } = visitor
  await open('/tokens/inspect')
  for (const [action, dialog, path] of dialogs) {
    await call(page, action.toLowerCase())
    await page.getByRole('option', { name: action }).waitFor()
    await page.keyboard.press('Enter')
    const opened = page.getByRole('dialog', { name: dialog, exact: true })
    await opened.waitFor()
    await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'))
    assert.equal(new URL(page.url()).pathname, `/console${path}`)
    if (action === 'New user') assert.deepEqual(await flaws(page), [])
    await opened.getByRole('button', { name: 'Close' }).last().click()
    await opened.waitFor({ state: 'detached' })
    await page.waitForURL((url) => url.search === '')
  }
  await page.reload()
  await page.locator('main h1').waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0)
  await call(page, 'inspect')
  await page.getByRole('option', { name: 'Inspect a token' }).click()
  await page.waitForURL('**/tokens/inspect')
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints, [])
})

test('what a link brings along stands in the form, is made as it stands there, and the way leads on', async () => {
  const { page, open } = visitor
  await open('/directory/users?new=grace')
  const dialog = page.getByRole('dialog', { name: 'New user' })
  assert.equal(await dialog.getByLabel('User name').inputValue(), 'grace')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await page.waitForURL(/\/directory\/users\/[0-9a-f-]{36}$/)
  await page.getByRole('heading', { level: 1, name: 'grace' }).waitFor()
  assert.equal((await server.call('GET', '/users?user_name=grace')).items.length, 1)
  await page.goBack()
  await page.getByRole('table', { name: 'List of users' }).waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0)
})

test('the colours change from the palette, and who signs out there is out', async () => {
  const { page, context } = await administrator(server, chromium, { colorScheme: 'light' })
  await call(page, 'theme')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
  await call(page, 'sign out')
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => !url.pathname.includes('/console'))
  await page.goto(`${server.issuer}/console/`)
  await page.waitForURL(/\/signin/)
  await context.close()
})

test('what a person may not do is no action, and a link to its form opens nothing', async () => {
  const { page, open } = visitor
  await page.route('**/api/v1/session', async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    await route.fulfill({ response: answer, json: { ...body, administrator: false, scopes: body.scopes.filter((scope) => !scope.endsWith(':write')) } })
  })
  await open('/')
  await call(page, '')
  await page.getByRole('option', { name: 'Inspect a token' }).waitFor()
  const actions = await page.getByRole('option').filter({ hasText: 'Action' }).locator('span:first-child').allInnerTexts()
  assert.deepEqual(actions, ['Inspect a token', 'Verify the ledger', 'Switch theme: light or dark colours', 'Sign out'])
  for (const path of ['/applications', '/api-credentials', '/directory/users', '/directory/groups', '/directory/invitations', '/connect/connections', '/webhooks']) {
    await open(`${path}?new=x`)
    assert.equal(await page.getByRole('dialog').count(), 0, path)
  }
  await open('/tokens/keys?rotate=')
  assert.equal(await page.getByRole('dialog').count(), 0)
  await page.unroute('**/api/v1/session')
})

test('a secret that leaked is opened from where it was pasted, and disabled with the next press', async () => {
  const { page, open } = visitor
  const { client_id: id, secret } = await server.call('POST', '/applications', { name: 'leaky', secret: { description: 'in a chat' } })
  const asked = []
  page.on('request', (request) => asked.push(request.url()))
  await open('/')
  await call(page, secret.secret.slice(0, 16)) // how it begins is enough
  await page.getByRole('option', { name: /in a chat.*open it to disable it/ }).waitFor()
  await page.getByRole('combobox', { name: 'Search' }).fill(`token=${secret.secret} # do not share`)
  await page.getByText('That is a whole secret').waitFor()
  assert.deepEqual(await flaws(page), [])
  await page.getByRole('button', { name: 'Open in a chat' }).click()
  await page.waitForURL(`**/applications/${id}/credentials?open=${secret.id}`)
  await page.getByRole('dialog', { name: 'Secret in a chat' }).getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('button', { name: 'Undo: enable in a chat' }).waitFor()
  assert.equal((await server.call('GET', `/applications/${id}/credentials`)).items[0].enabled, false)
  assert.deepEqual(asked.filter((url) => url.includes(secret.secret.slice(0, 16))), [])
})
