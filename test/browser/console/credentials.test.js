// The credentials of an application: what the document about secrets for API authentication says, step by step, and more.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { browser, flaws, house } from '../house.js'
import { administrator, settled } from './console.js'

let server, chromium

before(async () => {
  server = await house()
  chromium = await browser()
  await server.call('POST', '/apis', { name: 'invoices', audience: 'https://invoices.example', scopes: [{ name: 'invoices:read', description: 'Read invoices' }] })
})

after(async () => {
  await chromium?.close()
  await server?.stop()
})

/** Opens the credentials of a new application, and remembers where every request went. */
async function desk(name) {
  const application = await server.call('POST', '/applications', { name, scopes: ['invoices:read'] })
  const visitor = await administrator(server, chromium, { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true })
  const asked = []
  visitor.context.on('request', (request) => asked.push(request.url()))
  const path = `/applications/${application.client_id}/credentials`
  await visitor.open(`/applications/${application.client_id}`)
  await visitor.page.getByRole('link', { name: 'Credentials', exact: true }).click()
  await visitor.page.getByText('No credentials yet').waitFor()
  return { ...visitor, application, path, asked, id: application.client_id }
}

/** Nothing went elsewhere and nothing was complained about. */
async function leave({ context, strayed, complaints }) {
  await context.close()
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints, [])
}

const token = (id, secret) =>
  fetch(`${server.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })

/** Adds a secret with a description and returns it, with its dialog still open. */
async function add(page, description) {
  await page.getByRole('button', { name: 'Add secret' }).first().click()
  await page.getByLabel('Description').fill(description)
  await page.getByRole('button', { name: 'Save' }).click()
  return page.locator('[data-secret]').innerText()
}

async function done(page) {
  await page.getByLabel('I have stored it').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

const act = async (page, name, what) => {
  await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).first().click()
  await page.getByRole('menuitem', { name: what, exact: true }).click()
}

test('the document is done step by step: description, expiry, scopes, save, keep, and the table', async () => {
  const at = await desk('relying party')
  const { page } = at
  // 6. Choose the Add button in the Secrets section.
  await page.getByRole('button', { name: 'Add secret' }).first().click()
  // 7. Description, which is optional; Expire in: 1 year, 2 years, never, and finer; Scope: all selected by default.
  await page.getByText('Description (optional)').waitFor()
  const expires = page.getByLabel('Expires')
  const choices = await expires.locator('option').allInnerTexts()
  for (const choice of ['In 30 days', 'In 90 days', 'In 180 days', 'In 1 year', 'In 2 years', 'On a day of your choice', 'Never']) assert.ok(choices.includes(choice), choice)
  for (const scope of ['Application', 'Application Users', 'OpenID']) assert.ok(await page.getByLabel(scope, { exact: true }).isChecked(), `${scope} is selected`)
  await page.getByLabel('Description').fill('openid only')
  await expires.selectOption('In 2 years')
  await page.getByLabel('Application', { exact: true }).uncheck()
  await page.getByLabel('Application Users', { exact: true }).uncheck()
  assert.match(await page.locator('#summary').innerText(), /^It opens OpenID with all permissions of the application, from anywhere, until .*20/)
  // 8. Save: a pop-up with the generated credentials, which cannot be retrieved later.
  await page.getByRole('button', { name: 'Save' }).click()
  const secret = await page.locator('[data-secret]').innerText()
  await page.getByText('This is the only time that it is shown').waitFor()
  assert.ok(await page.getByRole('dialog').getByText(at.id, { exact: true }).isVisible(), 'the client ID stands beside it')
  await page.getByRole('button', { name: 'Copy: Client secret' }).click()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret)
  assert.equal((await token(at.id, secret)).status, 200)
  await done(page)
  // Results: a table with the secrets and information about them.
  const row = page.getByRole('row').filter({ hasText: 'openid only' })
  for (const text of ['Active', '1 scope', 'by you', 'Never']) await row.getByText(text, { exact: true }).filter({ visible: true }).waitFor()
  const [made] = (await server.call('GET', `/applications/${at.id}/credentials`)).items
  assert.deepEqual(made.scopes, ['openid'])
  // Up to 20 of them.
  for (let i = 1; i < 20; i++) await server.call('POST', `/applications/${at.id}/secrets`, { description: `number ${i}` })
  await page.getByRole('button', { name: 'Add secret' }).first().click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByText(/20/).waitFor()
  await leave(at)
})

test('a secret is nowhere once its dialog is closed: no address, no storage, no page, no cache, no log', async () => {
  const at = await desk('forgetful')
  const { page } = at
  const secret = await add(page, 'seen once')
  assert.ok(secret.length > 20)
  await done(page)
  await page.getByRole('row').filter({ hasText: 'seen once' }).waitFor()
  // Go elsewhere and back, so that whatever would be kept shows.
  await page.getByRole('link', { name: 'Hygiene' }).click()
  await settled(page)
  await page.goBack()
  await page.getByRole('row').filter({ hasText: 'seen once' }).waitFor()
  const kept = await page.evaluate(async () => {
    const databases = await Promise.all((await indexedDB.databases()).map(({ name }) => name))
    const cached = await caches.keys()
    return {
      page: document.documentElement.outerHTML,
      address: location.href,
      history: JSON.stringify(history.state),
      local: JSON.stringify(localStorage),
      session: JSON.stringify(sessionStorage),
      cookies: document.cookie,
      others: JSON.stringify([...databases, ...cached]),
      // Whatever React still holds for what is on the page: queries, mutations, states.
      held: (() => {
        const seen = new WeakSet()
        const texts = []
        const todo = [...document.querySelectorAll('*')].flatMap((e) => Object.keys(e).filter((k) => k.startsWith('__react')).map((k) => e[k]))
        for (let n = 0; todo.length > 0 && n < 400_000; n++) {
          const one = todo.pop()
          if (typeof one === 'string') texts.push(one)
          if (one === null || typeof one !== 'object' || seen.has(one) || one instanceof Node || one === window) continue
          seen.add(one)
          try {
            todo.push(...(one instanceof Map || one instanceof Set ? one.values() : Object.values(one)))
          } catch {
            // a getter that throws holds nothing for us
          }
        }
        return texts.join('\n')
      })(),
    }
  })
  assert.ok(kept.held.includes('seen once'), 'what React holds was looked through')
  for (const [where, text] of Object.entries(kept)) assert.ok(!text.includes(secret), `the secret is in ${where}`)
  assert.deepEqual(at.asked.filter((url) => url.includes(secret)), [])
  assert.ok(!server.logged().includes(secret) && !server.shown().includes(secret), 'the server has logged it')
  await leave(at)
})

test('every way out of what is shown once is guarded: Escape, the cross, the page before, closing the window', async () => {
  const at = await desk('guarded')
  const { page } = at
  await add(page, 'guarded')
  const warning = page.getByText('It is gone once this is closed')
  const still = async (how) => {
    await warning.waitFor()
    assert.ok(await page.locator('[data-secret]').isVisible(), `${how} left it`)
  }
  await page.keyboard.press('Escape')
  await still('Escape')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await still('the cross')
  await page.evaluate(() => history.back())
  await still('the page before')
  assert.ok(page.url().endsWith(at.path))
  const asked = page.waitForEvent('dialog')
  void page.close({ runBeforeUnload: true })
  const question = await asked
  assert.equal(question.type(), 'beforeunload')
  await question.dismiss()
  await still('closing the window')
  await done(page)
  // Whoever gives it up is let go, too.
  await add(page, 'given up')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Close without storing it' }).click()
  await page.getByRole('row').filter({ hasText: 'given up' }).waitFor()
  await leave(at)
})

test('a secret can be had as .env, as JSON and for Kubernetes, or as a link for somebody else', async () => {
  const at = await desk('files')
  const { page } = at
  const secret = await add(page, 'files')
  for (const kind of ['.env', 'JSON']) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: kind, exact: true }).click()])
    const text = await readFile(await download.path(), 'utf8')
    assert.ok(text.includes(secret) && text.includes(at.id), kind)
  }
  await page.getByText('As a Kubernetes secret').click()
  assert.ok((await page.locator('pre').filter({ hasText: 'kubectl create secret generic' }).innerText()).includes(`CLIENT_SECRET='${secret}'`))
  await done(page)
  await page.getByRole('button', { name: 'Add secret' }).first().click()
  await page.getByLabel('Give me a link for whoever needs it').check()
  await page.getByRole('button', { name: 'Save' }).click()
  const link = await page.locator('[data-secret]').innerText()
  assert.ok(link.startsWith(`${server.issuer}/`))
  await done(page)
  const other = await at.context.newPage()
  await other.goto(link)
  await other.getByRole('button').first().click()
  const shown = await other.locator('body').innerText()
  assert.equal((await token(at.id, /cfs_\S+/.exec(shown)[0])).status, 200)
  await leave(at)
})

test('a secret is rotated with an overlap, and the strip says when the old one can go', async () => {
  const at = await desk('rotating')
  const { page } = at
  const old = await add(page, 'nightly')
  await done(page)
  await act(page, 'nightly', 'Rotate')
  await page.getByLabel('The old secret ends').selectOption('In 1 hour')
  await page.getByLabel('Count from the first use of the new secret').check()
  await page.getByRole('button', { name: 'Rotate secret nightly' }).click()
  const next = await page.locator('[data-secret]').innerText()
  await done(page)
  const strip = page.getByRole('region', { name: 'nightly is being replaced' })
  await strip.getByText('goes on until the new one is used').waitFor()
  for (const secret of [old, next]) assert.equal((await token(at.id, secret)).status, 200, 'both work')
  // What happened to it stands in its history.
  await page.getByRole('button', { name: 'nightly', exact: true }).first().click()
  await page.getByRole('tab', { name: 'History' }).click()
  await page.getByRole('table', { name: 'What happened to nightly' }).getByText('credential created').waitFor()
  await leave(at)
})

test('disabling takes effect at once and can be undone; deleting names object and effect', async () => {
  const at = await desk('switching')
  const { page } = at
  const secret = await add(page, 'ci-deploy')
  await done(page)
  await act(page, 'ci-deploy', 'Disable')
  await page.locator('main').getByText('Secret ci-deploy is disabled, and its tokens are dead.').waitFor()
  await page.getByText('tokens from before stay dead').waitFor()
  assert.equal((await token(at.id, secret)).status, 401)
  await page.getByRole('button', { name: 'Undo: enable ci-deploy' }).click()
  await page.locator('main').getByText('ci-deploy is enabled').waitFor()
  assert.equal((await token(at.id, secret)).status, 200)
  // It is the last one: the server wants a second tick.
  await act(page, 'ci-deploy', 'Delete')
  const dialog = page.getByRole('alertdialog', { name: 'Delete secret ci-deploy?' })
  await dialog.getByRole('button', { name: 'Disable instead' }).waitFor()
  const destroy = dialog.getByRole('button', { name: 'Delete secret ci-deploy' })
  await destroy.click()
  await dialog.getByText('It is the last credential that switching can use').waitFor()
  assert.ok(await destroy.isDisabled())
  await dialog.getByLabel('I know that switching stops working').check()
  await destroy.click()
  await page.locator('main').getByText('ci-deploy is deleted, with its tokens.').waitFor()
  await page.getByText('No credentials yet').waitFor()
  assert.equal((await token(at.id, secret)).status, 401)
  await leave(at)
})

test('the name is typed only where the credential was used in the last week', async () => {
  const at = await desk('busy')
  const { page } = at
  await server.call('POST', `/applications/${at.id}/secrets`, { description: 'in use' })
  // Uses are written up to 30 seconds late, for which a test does not wait.
  await page.route(/\/credentials\?/, async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    for (const item of body.items ?? []) item.last_used_at = new Date().toISOString()
    await route.fulfill({ response: answer, json: body })
  })
  await at.open(at.path)
  await act(page, 'in use', 'Delete')
  const destroy = page.getByRole('button', { name: 'Delete secret in use' })
  assert.ok(await destroy.isDisabled())
  await page.getByLabel('Type in use to go on').fill('in use')
  assert.ok(await destroy.isEnabled())
  await leave(at)
})

test('a change of somebody else is shown and not overwritten', async () => {
  const at = await desk('shared')
  const { page } = at
  const made = await server.call('POST', `/applications/${at.id}/secrets`, { description: 'first' })
  await at.open(at.path)
  await act(page, 'first', 'Edit')
  await page.getByLabel('Description').fill('mine')
  await server.call('PATCH', `/applications/${at.id}/secrets/${made.id}`, { description: 'theirs' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Somebody changed this meanwhile').waitFor()
  assert.deepEqual(await page.getByRole('row', { name: /^Description/ }).getByRole('cell').allInnerTexts(), ['first', 'theirs', 'mine'])
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByRole('row').filter({ hasText: 'mine' }).waitFor()
  assert.equal((await server.call('GET', `/applications/${at.id}/secrets/${made.id}`)).description, 'mine')
  await leave(at)
})

test('a certificate is made or uploaded with a preview, and a private key never leaves the page', async () => {
  const at = await desk('mesh')
  const { page } = at
  const begin = async (kind) => {
    await page.getByRole('button', { name: 'Add another kind' }).first().click()
    await page.getByRole('menuitem', { name: kind }).click()
  }
  await begin('Certificate')
  await page.getByLabel('Description').fill('made here')
  await page.getByRole('button', { name: 'Save' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download mesh.p12' }).click()])
  assert.equal((await readFile(await download.path()))[0], 0x30)
  assert.ok((await page.locator('[data-secret]').innerText()).length > 20)
  await done(page)
  const [made] = (await server.call('GET', `/applications/${at.id}/certificates`)).items
  // With a name and a password of one's own: the file opens with it, and nothing shows it.
  await begin('Certificate')
  await page.getByLabel('Common name').fill('Mesh, north')
  await page.getByLabel('Password of the file').fill('three blue herons')
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled())
  await page.getByLabel('The password again').fill('three blue herons')
  await page.getByText('Show as').first().click()
  assert.ok(!(await page.locator('body').innerText()).includes('three blue herons'))
  await page.getByRole('button', { name: 'Save' }).click()
  const [mine] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download mesh.p12' }).click()])
  const { stdout } = await promisify(execFile)('openssl', ['pkcs12', '-in', await mine.path(), '-passin', 'pass:three blue herons', '-nokeys', '-clcerts'])
  assert.match(new X509Certificate(stdout.slice(stdout.indexOf('-----BEGIN'))).subject, new RegExp(`CN=Mesh, north|serialNumber=${at.id}`))
  assert.ok(!(await page.locator('body').innerText()).includes('three blue herons'))
  await done(page)
  await begin('Certificate')
  await page.getByLabel('Use one that there is').check()
  const text = page.getByLabel('Certificate', { exact: true })
  await text.fill('-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n')
  await page.getByRole('alert').getByText('That is a private key.').waitFor()
  assert.equal(await text.inputValue(), '')
  await page.setInputFiles('input[type=file]', { name: 'client.p12', mimeType: 'application/x-pkcs12', buffer: Buffer.from([0x30, 0x00]) })
  await page.getByRole('alert').getByText('That is a private key.').waitFor()
  // The same key as bytes, under a name that says nothing.
  const bytes = Buffer.from(await crypto.subtle.exportKey('pkcs8', (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])).privateKey))
  await page.setInputFiles('input[type=file]', { name: 'client.der', mimeType: 'application/octet-stream', buffer: bytes })
  await page.getByRole('alert').getByText('neither text nor a certificate').waitFor()
  assert.equal(await text.inputValue(), '')
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled())
  await page.setInputFiles('input[type=file]', { name: 'client.pem', mimeType: 'application/x-pem-file', buffer: Buffer.from(made.certificate) })
  const parsed = page.getByRole('region', { name: 'What stands in the certificate' })
  await parsed.getByText(made['x5t#S256']).waitFor()
  const common = /CN=(.*)/.exec(new X509Certificate(made.certificate).subject)[1]
  assert.ok((await parsed.innerText()).includes(`CN=${common}`))
  await leave(at)
})

test('a JWT key and a trust are added, and the tester explains its verdict on a pasted token', async () => {
  const at = await desk('keyless')
  const { page } = at
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const open = JSON.stringify({ keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid: 'one' }] })
  await page.getByRole('button', { name: 'Add another kind' }).first().click()
  await page.getByRole('menuitem', { name: 'JWT key' }).click()
  await page.getByLabel('Here, pasted or from a file').check()
  await page.getByLabel('Public keys', { exact: true }).fill(JSON.stringify(await crypto.subtle.exportKey('jwk', pair.privateKey)))
  await page.getByRole('alert').getByText('That is a private key.').waitFor()
  await page.getByLabel('Public keys', { exact: true }).fill(open)
  await page.getByLabel('Description').fill('own key')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row').filter({ hasText: 'own key' }).waitFor()
  await page.getByRole('button', { name: 'Add another kind' }).first().click()
  await page.getByRole('menuitem', { name: 'Federated trust' }).click()
  await page.getByLabel('Issuer', { exact: true }).fill('https://ci.example.com')
  await page.getByLabel('Subject', { exact: true }).fill('project:acme/*:main')
  await page.getByLabel('Here, pasted or from a file').check()
  await page.getByLabel('Public keys', { exact: true }).fill(open)
  await page.getByLabel('Description').fill('builds')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row').filter({ hasText: 'builds' }).waitFor()
  // The filter stands in the address.
  await page.getByLabel('Kind').selectOption('Federated trusts')
  await page.getByRole('row').filter({ hasText: 'own key' }).waitFor({ state: 'detached' })
  assert.match(page.url(), /kind=trust/)
  const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const signed = async (claims) => {
    const text = `${part({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${part({ iss: 'https://ci.example.com', aud: server.issuer, iat: now, exp: now + 300, ...claims })}`
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, Buffer.from(text))
    return `${text}.${Buffer.from(signature).toString('base64url')}`
  }
  await page.getByRole('button', { name: 'builds', exact: true }).click()
  await page.getByRole('tab', { name: 'Test' }).click()
  const field = page.getByLabel('A token of the other issuer')
  await field.fill(await signed({ sub: 'project:acme/shop:main' }))
  await page.getByRole('button', { name: 'Test the token' }).click()
  await page.getByText('It would be accepted').waitFor()
  assert.equal(await field.inputValue(), '', 'the token is kept no longer than it takes')
  await field.fill(await signed({ sub: 'project:acme/shop:dev' }))
  await page.getByRole('button', { name: 'Test the token' }).click()
  await page.getByText('It would be refused.').waitFor()
  assert.match(await page.getByRole('row', { name: /^sub/ }).innerText(), /project:acme\/\*:main.*project:acme\/shop:dev.*Differs/s)
  await leave(at)
})

test('what the policy of the environment says is what the dialog offers, and a viewable secret is revealed to whoever may', async () => {
  const at = await desk('governed')
  const { page } = at
  await server.call('PATCH', '/policy', { max_expiry_days: 120, default_secret_scopes: 'none', viewable_secrets: true })
  try {
    await at.open(at.path)
    await page.getByRole('button', { name: 'Add secret' }).first().click()
    const choices = await page.getByLabel('Expires').locator('option').allInnerTexts()
    assert.deepEqual(choices, ['In 30 days', 'In 90 days', 'In 120 days, as long as the policy allows', 'On a day of your choice'])
    for (const scope of ['Application', 'Application Users', 'OpenID']) assert.ok(!(await page.getByLabel(scope, { exact: true }).isChecked()), `${scope} is not selected`)
    await page.getByText('It opens nothing yet').waitFor()
    await page.getByLabel('OpenID', { exact: true }).check()
    await page.getByLabel('Only some').check()
    assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled(), 'no permission would mean all of them')
    await page.getByLabel('invoices:read').check()
    await page.getByLabel('Can be revealed again').check()
    await page.getByLabel('Description').fill('kept')
    await page.getByRole('button', { name: 'Save' }).click()
    const secret = await page.locator('[data-secret]').innerText()
    await done(page)
    const [made] = (await server.call('GET', `/applications/${at.id}/credentials`)).items
    assert.deepEqual(made.scopes, ['openid', 'invoices:read'])
    await page.getByRole('button', { name: 'kept', exact: true }).click()
    await page.getByRole('button', { name: 'Reveal' }).click()
    await page.getByRole('dialog').getByText(secret, { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.ok(!(await page.content()).includes(secret))
  } finally {
    await server.call('PATCH', '/policy', { max_expiry_days: 0, default_secret_scopes: 'all', viewable_secrets: false })
  }
  await leave(at)
})

test('the tab and its dialogs have no flaws, in light, in dark and on a telephone', async () => {
  const at = await desk('spotless')
  const { page } = at
  const found = []
  const look = async (what) => {
    for (const theme of ['light', 'dark']) {
      await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme)
      for (const flaw of await flaws(page)) found.push(`${what} in ${theme}: ${flaw}`)
    }
  }
  await look('the empty tab')
  const made = await server.call('POST', `/applications/${at.id}/secrets`, { description: 'one' })
  await server.call('POST', `/applications/${at.id}/secrets/${made.id}/rotate`, {})
  await at.open(`${at.path}?kind=secret`)
  await page.getByRole('row').filter({ hasText: 'one' }).first().waitFor()
  await look('the table')
  for (const [what, title] of [['Edit', 'Edit secret one'], ['Delete', 'Delete secret one?']]) {
    await act(page, 'one', what)
    await page.getByRole(what === 'Delete' ? 'alertdialog' : 'dialog', { name: title }).getByRole('button', { name: 'Cancel' }).waitFor()
    await look(what)
    await page.getByRole('button', { name: 'Cancel' }).click()
  }
  for (const tab of ['About it', 'Usage', 'History']) {
    if (tab === 'About it') await page.getByRole('button', { name: 'one', exact: true }).first().click()
    await page.getByRole('tab', { name: tab }).click()
    await page.waitForFunction(() => !document.querySelector('[role=dialog] .animate-pulse'))
    await look(tab)
  }
  await page.keyboard.press('Escape')
  await page.setViewportSize({ width: 390, height: 844 })
  await add(page, 'on a telephone')
  await look('what is shown once, on a telephone')
  await done(page)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than a telephone')
  assert.deepEqual(found, [])
  await leave(at)
})
