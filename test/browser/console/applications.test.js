// Applications in the console: from the list to the last tab, by an administrator in a real browser.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { browser, house } from '../house.js'
import { administrator, settled, spotless } from './console.js'

let server, chromium, admin, page, relied

before(async () => {
  server = await house('--listen', 'localhost:0')
  chromium = await browser()
  admin = await administrator(server, chromium)
  page = admin.page
  await server.call('POST', '/apis', { name: 'Invoices', audience: 'https://invoices.example', scopes: [{ name: 'invoices:read', description: 'See invoices' }, { name: 'invoices:write' }] })
  relied = await application('relied-on', { scopes: ['invoices:read'] })
  assert.equal((await token(relied.client_id, relied.secret.secret)).status, 200)
  assert.equal((await token(relied.client_id, 'a guess')).status, 401)
})

after(async () => {
  await chromium?.close()
  await server?.stop()
})

/** Makes an application without the console. */
const application = (name, more) => server.call('POST', '/applications', { name, secret: {}, ...more })

/** Asks for a token as a client. */
const token = (id, secret) =>
  fetch(`${server.issuer}/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) })

const button = (name) => page.getByRole('button', { name, exact: true })
const main = () => page.locator('main')
const names = () => page.locator('main tbody tr td:first-child a').allTextContents()

test('an application is made by keys alone, its secret is shown once, and a test with it gets a token', async () => {
  await admin.open('/applications')
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog')
  await page.getByLabel('Name', { exact: true }).waitFor()
  await page.keyboard.type('ci-deploy')
  await dialog.getByText('Scopes: none yet').focus()
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Read only of Invoices' }).focus()
  await page.keyboard.press('Enter')
  await dialog.getByLabel('Name', { exact: true }).focus()
  await page.keyboard.press('Enter')
  const secret = await dialog.locator('code[data-secret]').textContent()
  assert.ok(secret.length > 30)
  await page.keyboard.press('Escape')
  await dialog.getByText('It is gone once this is closed').waitFor()
  await dialog.getByText('Use it, and test it').focus()
  await page.keyboard.press('Enter')
  assert.match(await dialog.locator('pre').filter({ hasText: 'grant_type' }).first().textContent(), new RegExp(secret.slice(0, 20)))
  await dialog.getByRole('button', { name: 'Run test' }).focus()
  await page.keyboard.press('Enter')
  await dialog.locator('[data-test-result="200"]').waitFor()
  await dialog.getByLabel('I have stored it').focus()
  await page.keyboard.press('Space')
  await dialog.getByRole('button', { name: 'Done', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/applications\/[0-9a-f-]{36}$/)
  await page.getByRole('heading', { name: 'ci-deploy' }).waitFor()
  assert.ok(!(await page.content()).includes(secret), 'the secret is gone with the dialog')
  assert.ok(!page.url().includes(secret))
  assert.equal(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).then((kept) => kept.includes(secret)), false)
})

test('a form says what is wrong at the field, and with which request', async () => {
  await admin.open('/applications')
  await button('New application').click()
  await button('Save').click()
  const field = page.getByLabel('Name', { exact: true })
  await page.locator('[aria-invalid]').waitFor()
  assert.equal(await field.getAttribute('aria-invalid'), 'true')
  assert.match(await page.getByRole('alert').textContent(), /Request \S+/)
  await page.keyboard.press('Escape')
})

test('a link brings name, kind and description along, and no scopes', async () => {
  await admin.open(`/applications?${new URLSearchParams({ new: 'night shift', new_kind: 'worker', new_description: 'counts stock', new_scopes: 'invoices:write' })}`)
  assert.deepEqual([await page.getByLabel('Name', { exact: true }).inputValue(), await page.getByLabel('Description').inputValue()], ['night shift', 'counts stock'])
  assert.equal(await page.getByRole('radio', { name: 'Worker' }).isChecked(), true)
  await page.getByText('Scopes: none yet').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL((url) => !url.searchParams.has('new'))
  assert.equal(await page.getByRole('dialog').count(), 0)
})

test('the list is narrowed by name, state, lock and expiry, and the address keeps what was chosen', async () => {
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString()
  await application('payroll-export', { secret: { expires_at: soon } })
  await application('payroll-import', { enabled: false })
  const attacked = await application('attacked')
  for (let i = 0; i < 5; i++) await token(attacked.client_id, 'guess')
  await admin.open('/applications')
  await page.getByLabel('Filter by name or client ID').fill('payroll')
  await page.waitForURL(/search=payroll/)
  await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 2)
  assert.deepEqual(await names(), ['payroll-export', 'payroll-import'])
  await page.getByLabel('State').selectOption('no')
  await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 1)
  assert.match(page.url(), /enabled=no/)
  await page.reload()
  await settled(page)
  assert.deepEqual(await names(), ['payroll-import'])
  await admin.open('/applications?expiring=7d')
  assert.deepEqual(await names(), ['payroll-export'])
  assert.match(await page.locator('main tbody').textContent(), /Expires in 5 days/)
  await admin.open('/applications?locked=yes')
  assert.deepEqual(await names(), ['attacked'])
  assert.match(await page.locator('main tbody').textContent(), /Locked (59:\d\d|1:00:00)/)
  await admin.open('/applications?search=nobody')
  await page.getByText('No application fits these filters.').waitFor()
})

test('disabling can be undone, and says that the tokens from before stay dead', async () => {
  const made = await application('undone')
  await admin.open(`/applications/${made.client_id}`)
  await page.getByRole('switch').click()
  await main().getByText('the tokens that it had stay dead').waitFor()
  assert.equal((await token(made.client_id, made.secret.secret)).status, 401)
  await button('Undo: enable it again').click()
  await main().getByText('those from before stay dead').waitFor()
  assert.equal((await server.call('GET', `/applications/${made.client_id}`)).enabled, true)
})

test('five failed logons lock the client ID; the page counts down, and Unlock lets it in again', async () => {
  const made = await application('guessed')
  await admin.open(`/applications/${made.client_id}/settings`)
  await page.getByText('Not locked').waitFor()
  assert.equal(await button('Unlock guessed').isDisabled(), true)
  for (let i = 0; i < 5; i++) await token(made.client_id, 'guess')
  await page.reload()
  await page.getByText(/The client ID is locked for another [\d:]+/).waitFor()
  await button('Unlock guessed').click()
  await page.getByText('Not locked').waitFor()
  assert.equal(await page.getByText('The client ID is locked').count(), 0)
  // By hand, too: when a secret may be in wrong hands, and nobody knows yet which.
  await button('Lock guessed').click()
  await page.getByLabel('How long?').selectOption('For 12 hours')
  await page.getByLabel('Reason').fill('seen in a chat')
  await button('Lock client ID').click()
  await page.getByText(/The client ID is locked for another 1[12]:/).waitFor()
  assert.equal((await token(made.client_id, made.secret.secret)).status, 401)
  await button('Unlock guessed').click()
  await page.getByText('Not locked').waitFor()
  await page.getByRole('switch', { name: 'Client ID lock' }).click()
  await page.getByText('Off: nothing is counted').waitFor()
  assert.equal((await server.call('GET', `/applications/${made.client_id}/lock`)).policy, 'off')
})

test('a scope is given by a preset, and a pasted secret gets a token that has it', async () => {
  const made = await application('reader')
  await admin.open(`/applications/${made.client_id}/access`)
  await button('Read only of Invoices').click()
  await page.getByText('Ticked: 1 of 2 of Invoices.').waitFor()
  await button('Save scopes').click()
  await main().getByText('Saved. Its next token may ask for it.').waitFor()
  assert.deepEqual((await server.call('GET', `/applications/${made.client_id}`)).scopes, ['invoices:read'])
  await page.getByRole('link', { name: 'Use it' }).click()
  assert.match(await page.locator('main pre').first().textContent(), /"\$CLIENT_SECRET"/)
  await page.getByLabel('Client secret').fill(made.secret.secret)
  await button('Run test').click()
  await main().getByText('It works: here is a token').waitFor()
  const claims = JSON.parse(await page.locator('[data-test-result] pre').textContent())
  assert.equal(claims.scope, 'invoices:read')
  assert.equal(claims.client_id, made.client_id)
  assert.equal(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])).then((kept) => kept.includes(made.secret.secret)), false)
})

test('the lines that are shown get a token, in a shell, in Node and in Postman', async () => {
  const made = await application('copied', { scopes: ['invoices:read'] })
  const lines = async (name) => {
    await page.getByRole('tab', { name, exact: true }).click()
    return main().locator('pre').filter({ hasText: { curl: 'curl', CLI: 'counterfoil', Node: 'fetch', Postman: 'schema' }[name], visible: true }).first().textContent()
  }
  const env = { PATH: `${fileURLToPath(new URL('../../../bin', import.meta.url))}:${process.env.PATH}`, HOME: server.data, CLIENT_SECRET: made.secret.secret }
  const run = async (...command) => (await promisify(execFile)(command[0], command.slice(1), { env })).stdout
  for (const methods of [[], ['client_secret_post']]) {
    await server.call('PATCH', `/applications/${made.client_id}`, { auth_methods: methods })
    await admin.open(`/applications/${made.client_id}/use`)
    await page.getByLabel('Ask for').selectOption('invoices:read')
    assert.match(await run('bash', '-c', await lines('curl')), /"access_token"/)
    assert.match(await run(process.execPath, '--input-type=module', '-e', `${await lines('Node')}; console.log(token)`), /^\S{20,}\n$/)
    const filled = (await lines('Postman')).replaceAll('{{CLIENT_SECRET}}', made.secret.secret)
    const { url, auth, body } = JSON.parse(filled).item[0].request
    const of = (pairs) => Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, value]))
    const { username, password } = of(auth.basic)
    const answer = await fetch(url, { method: 'POST', headers: username ? { authorization: `Basic ${btoa(`${username}:${password}`)}` } : {}, body: new URLSearchParams(of(body.urlencoded)) })
    assert.equal((await answer.json()).scope, 'invoices:read')
    if (methods.length === 0) assert.match(await run('bash', '-c', await lines('CLI')), /^\S{20,}\n$/)
    else assert.equal(await page.getByRole('tab', { name: 'CLI' }).count(), 0, 'the CLI sends secrets by HTTP Basic only')
  }
})

test('a worker gets a role and loses it', async () => {
  const made = await application('provisioner', { kind: 'worker', enabled: true })
  await admin.open(`/applications/${made.client_id}/access`)
  await button('Add a role').click()
  await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('identity-data-read-only')
  await page.getByRole('combobox', { name: 'Over' }).selectOption('population')
  await page.getByRole('combobox', { name: 'Population' }).selectOption({ index: 1 })
  await button('Add role').click()
  await page.locator('main tbody').getByText('identity-data-read-only').waitFor()
  assert.equal((await server.call('GET', `/applications/${made.client_id}/roles`)).items[0].over, 'population')
  await button('Remove role identity-data-read-only').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove role identity-data-read-only' }).click()
  await page.getByText('No roles yet').waitFor()
})

test('what somebody else saved meanwhile is shown, and nothing is written over unseen', async () => {
  const made = await application('shared')
  await admin.open(`/applications/${made.client_id}/settings`)
  await page.getByLabel('Description').fill('mine')
  await patch(made.client_id, { description: 'theirs' })
  await button('Save configuration').click()
  await page.getByText('Somebody changed this meanwhile. Nothing was saved.').waitFor()
  assert.equal((await server.call('GET', `/applications/${made.client_id}`)).description, 'theirs')
  await button('Keep mine').click()
  await main().getByText('Saved.', { exact: true }).waitFor()
  assert.equal((await server.call('GET', `/applications/${made.client_id}`)).description, 'mine')
})

async function patch(id, body) {
  const { updated_at: _, ...now } = await server.call('GET', `/applications/${id}`)
  assert.equal(now.client_id, id)
  return server.call('PATCH', `/applications/${id}`, body)
}

test('the history says what changed, and from what', async () => {
  const made = await application('renamed')
  await patch(made.client_id, { description: 'the new words' })
  await admin.open(`/applications/${made.client_id}/history`)
  await page.getByText('application changed').click()
  const entry = page.locator('main tbody tr').first()
  assert.equal(await entry.locator('ins').textContent(), 'the new words')
  assert.equal(await entry.locator('ins').count(), 1)
  assert.match(await entry.textContent(), /Request/)
})

test('what nobody used lately is deleted after one question, and its page says that it is gone', async () => {
  const unused = await application('unused')
  await admin.open(`/applications/${unused.client_id}/settings`)
  await button('Delete unused').click()
  await page.getByRole('alertdialog').getByText('It was not used in the last 7 days.').waitFor()
  await button('Delete application unused').click()
  await page.getByText('unused is deleted, and its tokens are dead.').waitFor()
  assert.match(page.url(), /\/applications\?deleted=unused/)
  await page.goBack()
  await page.getByText('There is no such application').waitFor()
})

test('every screen is sound for assistive technology, in light and dark, and asks nobody but its own server', async () => {
  const made = await application('looked-at', { scopes: ['invoices:read'] })
  const at = `/applications/${made.client_id}`
  await spotless(admin, ['/applications', at, `${at}/access`, `${at}/use`, `${at}/usage`, `${at}/history`, `${at}/settings`], (where, flaws) => assert.deepEqual(flaws, [], where))
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of ['/applications', at, `${at}/access`, `${at}/use`, `${at}/settings`]) {
    await admin.open(path)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits on a telephone`)
  }
  assert.deepEqual(admin.strayed, [])
  // What the browser says of an answer that is no 2xx is no complaint.
  assert.deepEqual(admin.complaints.filter((text) => !/status of (401|412)/.test(text)), [])
})

test('what was used in the last week is deleted only after its name is typed', async () => {
  // Uses are written up to 30 seconds behind. This one was made first of all, so there is little left to wait for.
  const written = async () => {
    const { items } = await server.call('GET', `/usage?application=${relied.client_id}`)
    return ['uses', 'failed'].every((outcome) => items.some(({ outcomes }) => outcomes[outcome] > 0))
  }
  for (const deadline = Date.now() + 40_000; !(await written()); await setTimeout(250)) assert.ok(Date.now() < deadline, 'the use is never written')
  await page.setViewportSize({ width: 1280, height: 900 })
  await admin.open(`/applications/${relied.client_id}/usage`)
  await main().getByRole('img', { name: /1 uses, 0 refused, 1 failed/ }).waitFor()
  await admin.open(`/applications/${relied.client_id}/settings`)
  await button('Delete relied-on').click()
  const destroy = page.getByRole('alertdialog').getByRole('button', { name: 'Delete application relied-on' })
  await page.getByText('It was used once in the last 7 days.').waitFor()
  assert.equal(await destroy.isDisabled(), true)
  await page.getByRole('alertdialog').getByRole('textbox').fill('relied-on')
  await destroy.click()
  await page.getByText('relied-on is deleted, and its tokens are dead.').waitFor()
})
