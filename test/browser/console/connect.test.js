// Connections to other systems and webhooks, at the console. The first two are the fourth source document as a script: a worker
// that is made at one server is connected by a customer at another.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { browser, flaws, house, visit } from '../house.js'
import { administrator, settled, spotless } from './console.js'

let issuing, holding, chromium, folder, ada, receiver
const worker = {}
const heard = []

before(async () => {
  ;[issuing, chromium, folder] = await Promise.all([house(), browser(), mkdtemp(join(tmpdir(), 'counterfoil-providers-'))])
  // The provider's own file, whose regions are the other server, which stands for the hosts of the others.
  const file = await readFile(new URL('../../../internal/connect/provider/catalogue/pingone.yaml', import.meta.url), 'utf8')
  const here = file
    .replace('    choices:\n', `    choices:\n      - {value: "${issuing.issuer}", label: Next door (test)}\n`)
    .replace('https://auth.pingone.${tld}', '${tld}')
    .replace('https://api.pingone.${tld}', '${tld}')
    .replace('path: /v1/environments/', 'path: /api/v1/environments/')
    .concat('revoke:\n  url: ${tld}/${environment_id}/oauth2/revoke\n  auth: client_secret_post\n  params: {token: "${access_token}"}\n')
  await writeFile(join(folder, 'pingone.yaml'), here)
  receiver = createServer(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    heard.push({ headers: request.headers, body, said: JSON.parse(body) })
    answer.writeHead(request.url === '/gone' ? 410 : 204).end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  receiver.origin = `http://127.0.0.1:${receiver.address().port}`
  holding = await house('--connect-providers', folder, '--egress-allow', `${new URL(issuing.issuer).host},${new URL(receiver.origin).host}`)
  ada = await administrator(holding, chromium)
  ada.page.setDefaultTimeout(15_000)
})
after(async () => {
  await chromium?.close()
  receiver?.close()
  receiver?.closeAllConnections()
  await Promise.all([issuing?.stop(), holding?.stop()])
  if (folder) await rm(folder, { recursive: true, force: true })
})

const press = (name, of = ada.page) => of.getByRole('button', { name, exact: true }).first().click() // an empty list offers the same once more
const says = (text) => ada.page.locator('#main').getByText(text).first().waitFor()
const dialog = () => ada.page.getByRole('dialog')
const asked = () => ada.page.getByRole('alertdialog')

test('a worker is made at the other server, switched on, given Client Secret Post and a role, and its values are copied', { timeout: 180_000 }, async () => {
  const { page, open, context } = await administrator(issuing, chromium, { permissions: ['clipboard-read', 'clipboard-write'] })
  const main = page.locator('#main')
  await open('/applications')
  await press('New application', page)
  const form = page.getByRole('dialog')
  await form.getByLabel('Name', { exact: true }).fill('Worker')
  await form.getByRole('radio', { name: 'Worker' }).check()
  await form.getByRole('checkbox', { name: 'Enabled' }).uncheck()
  await press('Save', form)
  worker.secret = await form.locator('[data-secret]').innerText()
  await form.getByLabel('I have stored it').check()
  await press('Done', form)
  await page.getByRole('heading', { name: 'Worker', level: 1 }).waitFor()
  worker.id = /applications\/([0-9a-f-]{36})/.exec(page.url())[1]
  await main.getByRole('switch', { name: 'Disabled' }).click()
  await main.getByRole('switch', { name: 'Enabled' }).waitFor()
  await main.getByRole('link', { name: 'Settings', exact: true }).click()
  await main.getByRole('checkbox', { name: 'Any', exact: true }).uncheck()
  await main.getByRole('checkbox', { name: 'Client secret post', exact: true }).check()
  await main.getByRole('checkbox', { name: 'Client secret basic', exact: true }).uncheck()
  await press('Save configuration', main)
  await main.getByText('Saved.').first().waitFor()
  await main.getByRole('link', { name: 'Access', exact: true }).click()
  await press('Add a role', main)
  await form.getByLabel('Role', { exact: true }).selectOption('environment-admin')
  await form.getByLabel('Over', { exact: true }).selectOption('environment')
  await press('Add role', form)
  await main.locator('tbody').getByText('environment-admin').waitFor()
  await open('/settings')
  await main.getByRole('button', { name: 'Copy: the environment ID' }).click()
  worker.environment = await page.evaluate(() => navigator.clipboard.readText())
  const { auth_methods, enabled, kind } = await issuing.call('GET', `/applications/${worker.id}`)
  assert.deepEqual([auth_methods, enabled, kind], [['client_secret_post'], true, 'worker'])
  await context.close()
})

test('a worker of another server is connected through a link, seen to be well, switched off and on, and deleted', { timeout: 120_000 }, async () => {
  const { page, open } = ada

  // The connector, from the catalogue: the region is what we know already.
  await open('/connect/providers')
  assert.equal(await page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) }).count(), 22)
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('pingone')
  await page.getByRole('link', { name: /^Use it ?: PingOne$/ }).click()
  await dialog().getByLabel('Description').fill('Workers of our customers')
  await dialog().getByLabel('Region').selectOption('Next door (test)')
  await dialog().getByText('Show as CLI, curl or Go').click()
  assert.match(await dialog().locator('pre').first().innerText(), /connect connector create pingone --description 'Workers of our customers' --preset tld=/)
  await press('Make connector', dialog())
  await says('PingOne can be connected.')

  // The link is shown once, and is nowhere afterwards.
  await open('/connect/links')
  await press('New link')
  await dialog().getByLabel('End user').fill('4711')
  await dialog().getByLabel('Organization').fill('acme')
  await dialog().getByText('More', { exact: true }).click()
  await dialog().getByLabel('Name of the connection').fill('Acme')
  await dialog().getByLabel('Tags').fill('customer=acme\nplan=gold')
  await press('Make link', dialog())
  const link = await dialog().locator('[data-secret]').innerText()
  assert.match(await dialog().getByRole('timer').innerText(), /^(29:5\d|30:00)$/)
  await press('Done', dialog())
  await page.getByText('Open', { exact: true }).waitFor()
  assert.ok(!(await page.content()).includes(link.split('#')[1]))
  assert.ok(!JSON.stringify(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, location.href])).includes(link.split('#')[1]))

  // The customer follows it.
  const customer = await visit(chromium, holding.issuer, {})
  await customer.page.goto(link)
  await customer.page.waitForURL(/\/form$/)
  await customer.page.getByLabel('Client ID', { exact: true }).fill(worker.id)
  await customer.page.getByLabel('Client Secret', { exact: true }).fill(worker.secret)
  await customer.page.getByLabel('Environment ID', { exact: true }).fill(worker.environment)
  await customer.page.keyboard.press('Enter')
  await customer.page.waitForURL(/\/done$/)
  assert.deepEqual([customer.strayed, customer.complaints], [[], []])
  await customer.context.close()

  // The list says so without a reload, and finds it by whose it is and by its tag.
  await page.getByText('Used', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Connections', exact: true }).click()
  await page.getByRole('searchbox', { name: 'End user' }).fill('4711')
  await page.waitForURL(/end_user=%224711%22/)
  await page.getByRole('button', { name: 'plan=gold' }).click()
  await page.waitForURL(/tag=plan/)
  await page.getByRole('img', { name: 'Of 1 connections: 1 healthy, 0 failing, 0 given up' }).waitFor()
  const row = page.getByRole('row').filter({ hasText: 'Acme' })
  await row.getByText('Healthy').waitFor()
  await row.getByRole('link', { name: 'Acme' }).click()
  await page.getByRole('heading', { name: 'Acme', level: 1 }).waitFor()
  worker.connection = /connections\/([0-9a-f-]{36})/.exec(page.url())[1]

  // What it is, what was entered, and the way to use it; the secret is not there.
  for (const text of ['customer=acme, plan=gold', worker.id, 'Next door (test)', `${holding.issuer}/connect/proxy`]) await page.locator('dd').getByText(text).first().waitFor()
  assert.ok(!(await page.content()).includes(worker.secret))
  await press('Test')
  await says(/^It works$/)
  assert.equal(await page.getByRole('list', { name: 'What was checked' }).getByRole('listitem').count(), 8)

  await press('Refresh now')
  await says('It has a token that is valid now.')
  await press('Edit')
  await dialog().getByLabel('Tags').fill('customer=acme')
  await press('Save', dialog())
  await says('The connection is changed.')
  await page.getByRole('table', { name: 'What happened to Acme' }).getByText('connection changed').waitFor()
  assert.deepEqual((await holding.call('GET', `/connect/connections/${worker.connection}`)).tags, { customer: 'acme' })

  // A program calls through it, and is told of.
  const bearer = (await holding.run('token', 'get')).trim()
  const through = () => fetch(`${holding.issuer}/connect/proxy/api/v1/applications`, { headers: { authorization: `Bearer ${bearer}`, 'counterfoil-connection': worker.connection } })
  assert.equal((await through()).status, 200)
  await page.getByRole('table', { name: 'Callers' }).getByRole('row').nth(1).waitFor()

  // The kill switch, and the way back.
  await press('Switch off')
  await says('No token of it is handed out')
  assert.equal((await through()).status, 409)
  await press('Undo: switch it on again')
  await says(/^Switched on\./)
  assert.equal((await through()).status, 200)

  // A provider that switches the worker off is heard of in words, with the step.
  await issuing.call('POST', `/applications/${worker.id}/disable`)
  await press('Test')
  await says(/^It does not work$/)
  await page.getByText(/The application is switched on: failed/).waitFor()
  await issuing.call('POST', `/applications/${worker.id}/enable`)

  // Deleting says what became of the token.
  await press('Delete Acme')
  await asked().getByLabel(/^Type/).fill('Acme')
  await press('Delete Acme', asked())
  await says('The provider revoked its token.')
  assert.equal((await through()).status, 404)
})

test('a connector that somebody else changes meanwhile is not overwritten unseen, and stopping its provider stops it', { timeout: 180_000 }, async () => {
  const { page, open } = ada
  await holding.call('POST', '/connect/connectors', { provider: 'oauth2-client-credentials', name: 'partners', title: 'Partners' })
  await open('/connect/connectors')
  const actions = async (item) => {
    await press('Actions for Partners')
    await page.getByRole('menuitem', { name: item, exact: true }).click()
  }
  await actions('Edit')
  await dialog().getByLabel('Description').fill('mine')
  await press('Add a limit', dialog())
  await dialog().getByRole('group', { name: 'Limit 1' }).getByLabel('GET').check()
  await holding.call('PATCH', '/connect/connectors/partners', { description: 'theirs' })
  await press('Save', dialog())
  await dialog().getByText('Nothing was saved').waitFor()
  assert.equal((await holding.call('GET', '/connect/connectors/partners')).description, 'theirs')
  await press('Keep mine', dialog())
  await says('Partners is changed.')
  const after = await holding.call('GET', '/connect/connectors/partners')
  assert.deepEqual([after.description, after.limits], ['mine', [{ methods: ['GET'] }]])

  await actions('Disable')
  await press('Disable Partners', asked())
  await press('Undo: enable it again')
  await says('Partners is enabled.')
  await open('/connect/providers?search=oauth2-client')
  await press('Stop OAuth 2.0 client credentials')
  await press('Stop OAuth 2.0 client credentials', asked())
  await says('none of its connections is used')
  assert.equal((await holding.call('GET', '/connect/connectors/partners')).stopped, true)
  await press('Let OAuth 2.0 client credentials go on')
  await says('goes on.')

  // A link that is lost is ended.
  const { url } = await holding.call('POST', '/connect/sessions', { connectors: ['partners'] })
  await open('/connect/links')
  await page.getByRole('button', { name: /^End the link for partners/ }).click()
  await press('End link for partners', asked())
  await says('The link is ended')
  const lost = await visit(chromium, holding.issuer, {})
  await lost.page.goto(url)
  await lost.page.getByText(/over|no longer|expired|not valid|withdrawn/i).first().waitFor()
  await lost.context.close()
})

test('a webhook shows its secret once, is heard, gets another secret, and goes', { timeout: 180_000 }, async () => {
  const { page, open } = ada
  await open('/webhooks')
  await press('New webhook')
  await dialog().getByLabel('URL').fill('http://nowhere.example/hook')
  await press('Make webhook', dialog())
  await dialog().locator('[aria-invalid]').waitFor() // the server's words stand at the field
  await dialog().getByLabel('URL').fill(`${receiver.origin}/hook`)
  await dialog().getByLabel('Some kinds of events').check()
  await dialog().getByLabel('application', { exact: true }).check()
  await dialog().getByLabel('Others').fill('webhook.disabled')
  await press('Make webhook', dialog())
  const shown = dialog().locator('[data-secret]')
  const first = await shown.innerText()
  assert.match(first, /^whsec_/)
  await page.keyboard.press('Escape')
  await dialog().getByText('It is gone once this is closed').waitFor()
  await dialog().getByLabel('I have stored it').check()
  await press('Done', dialog())
  assert.ok(!(await page.content()).includes(first))

  await page.getByRole('link', { name: `${receiver.origin}/hook` }).click()
  await page.getByText('application, webhook.disabled').waitFor()
  await press('Send a test')
  await page.getByRole('row').filter({ hasText: 'webhook.test' }).getByText('Delivered').waitFor()
  const { headers, body, said } = heard.find((each) => each.said.type === 'webhook.test')
  const sign = (secret) => `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64')}`
  assert.equal(headers['webhook-signature'], sign(first))

  // What arrived is sent again, under its former id; the filter stands in the address.
  await press(`Replay event ${said.data.event}`)
  await says('is sent again, under its former id')
  await page.waitForFunction(() => document.querySelector('table')?.innerText.includes('Delivered'))
  await page.getByLabel('State').selectOption('Given up')
  await page.waitForURL(/state=dead/)
  await says('No message is given up.')
  for (const deadline = Date.now() + 10_000; heard.filter((each) => each.headers['webhook-id'] === headers['webhook-id']).length < 2; await page.waitForTimeout(50)) assert.ok(Date.now() < deadline, 'it came again')

  await press('Rotate signing secret')
  await press('Rotate signing secret', asked())
  const second = await shown.innerText()
  assert.notEqual(second, first)
  await dialog().getByLabel('I have stored it').check()
  await press('Done', dialog())

  await press('Edit')
  await dialog().getByLabel('URL').fill(`${receiver.origin}/gone`)
  await press('Save', dialog())
  await says('The webhook is changed.')
  await press('Send a test')
  await says('Counterfoil disabled it by itself')
  await press('Enable')
  await says('It goes on where it was disabled')
  await press('Delete webhook')
  await asked().getByRole('button', { name: /^Delete webhook 127/ }).click()
  await says('No webhooks yet')
})

test('a credential that is at hand is tried out, and connected once it works', { timeout: 180_000 }, async () => {
  const { page, open } = ada
  await open('/connect/connections')
  await press('New connection')
  const field = (name) => dialog().getByLabel(name, { exact: true })
  await field('Client ID').fill(worker.id)
  await field('Client Secret').fill('wrong')
  await press('Connect', dialog())
  await dialog().getByText('This field is needed').or(dialog().locator('[aria-invalid=true]')).first().waitFor() // the environment is missing
  await field('Environment ID').fill(worker.environment)
  await press('Try it out', dialog())
  await dialog().getByText('It does not work').waitFor()
  await dialog().getByText('The client and its secret fit').getByText('failed').waitFor()
  const before = (await holding.call('GET', '/connect/connections?tag=seat%3Dtwo')).items.length
  await press('Connect', dialog())
  await dialog().getByText(/nothing is kept, because it does not work/i).waitFor()
  await field('Client Secret').fill(worker.secret)
  await dialog().getByLabel('Name of the connection').fill('At hand')
  await dialog().getByLabel('Tags').fill('seat=two')
  await dialog().getByText('Show as CLI, curl or Go').click()
  const line = await dialog().locator('pre').first().innerText()
  assert.match(line, /connect create pingone --set \S*client_id=\S+ .*--name 'At hand' --tag seat=two < secret$/)
  assert.ok(!line.includes(worker.secret))
  await press('Connect', dialog())
  await page.getByRole('heading', { name: 'At hand', level: 1 }).waitFor()
  await page.getByText('Healthy').first().waitFor()
  const made = (await holding.call('GET', '/connect/connections?tag=seat%3Dtwo')).items
  assert.deepEqual([before, made.length, made[0]?.name], [0, 1, 'At hand'])
  assert.ok(!(await page.content()).includes(worker.secret))
  await holding.call('DELETE', `/connect/connections/${made[0].id}`)
})

test('every screen is clean for axe, in light and dark, and on a telephone nothing is wider than it', { timeout: 180_000 }, async () => {
  const { page } = ada
  const made = await holding.call('POST', '/connect/connections', {
    connector: 'pingone',
    name: 'Globex',
    values: { client_id: worker.id, client_secret: 'wrong', environment_id: worker.environment },
    tags: { customer: 'globex' },
    check: false,
  })
  await holding.call('POST', `/connect/connections/${made.id}/refresh`).catch(() => {})
  const hook = await holding.call('POST', '/webhooks', { url: `${receiver.origin}/gone` })
  const paths = ['/connect/connections', `/connect/connections/${made.id}`, '/connect/connectors', '/connect/providers', '/connect/links', '/webhooks', `/webhooks/${hook.id}`]
  await spotless(ada, paths, (where, found) => assert.deepEqual(found, [], where))
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of paths) {
    await ada.open(path)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits a telephone`)
  }
  await page.setViewportSize({ width: 1280, height: 900 })
  // Dialogs, too.
  for (const [path, button] of [
    ['/connect/connections', 'New connection'],
    ['/connect/connectors', 'New connector'],
    ['/connect/links', 'New link'],
    ['/webhooks', 'New webhook'],
  ]) {
    await ada.open(path)
    await press(button)
    await settled(page)
    assert.deepEqual(await flaws(page), [], `${button} in light`)
  }
  assert.deepEqual([ada.strayed, ada.complaints], [[], []])
})
