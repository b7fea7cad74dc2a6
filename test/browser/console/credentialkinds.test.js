// Certificates, JWT keys and federated trusts beside secrets, what the policy says of them, and where links lead.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { flaws } from '../house.js'
import { act, add, credentialHouse, done, leave } from './credentialhouse.js'

const { server, desk } = await credentialHouse()

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

test('what a new secret may do is compared with another credential while it is chosen', async () => {
  const at = await desk('compared')
  const { page } = at
  await server.call('POST', `/applications/${at.id}/secrets`, { description: 'narrow', scopes: ['openid', 'invoices:read'] })
  await at.open(at.path)
  await page.getByRole('button', { name: 'Add secret' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Compare with').selectOption('Secret narrow')
  await dialog.getByText('More than Secret narrow: Application, Application Users.').waitFor()
  for (const family of ['Application', 'Application Users']) await dialog.getByRole('checkbox', { name: family, exact: true }).uncheck()
  await dialog.getByText('As much as Secret narrow.').waitFor()
  await dialog.getByRole('checkbox', { name: 'OpenID' }).uncheck()
  await dialog.getByText('Less than Secret narrow: OpenID, invoices:read.').waitFor()
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
  await server.call('POST', `/applications/${at.id}/secrets`, { description: 'whole' }) // a secret that has a successor is not rotated again
  await at.open(`${at.path}?kind=secret`)
  await page.getByRole('row').filter({ hasText: 'one' }).first().waitFor()
  await look('the table')
  for (const [what, title] of [['Edit', 'Edit secret one'], ['Delete', 'Delete secret one?']]) {
    await act(page, 'one', what)
    await page.getByRole(what === 'Delete' ? 'alertdialog' : 'dialog', { name: title }).getByRole('button', { name: 'Cancel' }).waitFor()
    await look(what)
    await page.getByRole('button', { name: 'Cancel' }).click()
  }
  await act(page, 'whole', 'Rotate')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).waitFor()
  await look('Rotate')
  await page.getByRole('button', { name: 'Cancel' }).click()
  for (const kind of ['Certificate', 'JWT key', 'Federated trust']) {
    await page.getByRole('button', { name: 'Add another kind' }).first().click()
    await page.getByRole('menuitem', { name: kind }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Cancel' }).waitFor()
    for (const way of await dialog.getByRole('radio').all()) {
      await way.check()
      await look(`${kind}, ${await way.evaluate((one) => one.labels[0].innerText.split('\n')[0])}`)
    }
    await look(kind)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
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

test('a link opens a credential that is far down the list or left out of it, and says when it is gone', async () => {
  const at = await desk('a hundred and one keys')
  const { page } = at
  await server.call('PATCH', '/policy', { limits: { secrets: 101 } }) // an application has 20 otherwise
  const made = []
  for (let i = 0; i < 101; i++) made.push(await server.call('POST', `/applications/${at.id}/secrets`, { description: `key ${i}` }))
  const last = made.at(-1).id
  await at.open(`${at.path}?open=${last}`)
  await page.getByRole('dialog', { name: 'Secret key 100' }).waitFor()
  const listed = (name) => page.locator('main table').getByText(name, { exact: true }).count()
  assert.deepEqual([await listed('key 99'), await listed('key 100')], [1, 0]) // the list is not read to its end for it
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await page.locator('#main').getByText('Secret key 100 is disabled').waitFor()
  await at.open(`${at.path}?kind=trust&open=${made[0].id}`)
  await page.getByRole('dialog', { name: 'Secret key 0' }).waitFor()
  await server.call('DELETE', `/applications/${at.id}/secrets/${made[0].id}`)
  for (const id of [made[0].id, 'nonsense']) {
    await at.open(`${at.path}?open=${id}`)
    await page.getByText('That credential is not there any more').waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0)
  }
  await leave(at)
})
