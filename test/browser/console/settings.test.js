// What an environment is and what it demands, on the screens.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { flaws } from '../house.js'
import { atConsole } from './console.js'

const { server, visitor } = await atConsole()

const says = (text) => visitor.page.locator('#main').getByText(text).first().waitFor()
const item = async (of, name) => {
  await visitor.page.getByRole('row').filter({ hasText: of }).getByRole('button', { name: `Actions for ${of}`, exact: true }).click()
  await visitor.page.getByRole('menuitem', { name, exact: true }).click()
}

test('an environment is named anew, another is made and shows its administrator once, and is disabled after its name is typed', async () => {
  const { page, open } = visitor
  await open('/settings')
  await page.getByLabel('Name').fill('Production')
  await page.getByRole('button', { name: 'Save name' }).click()
  await page.getByRole('banner').getByText('Production').waitFor()
  await open('/settings/environments')
  await page.getByRole('button', { name: 'New environment' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Staging')
  await page.getByLabel('Short name in addresses').fill('staging')
  await page.getByRole('button', { name: 'Create environment' }).click()
  await page.getByRole('heading', { name: 'Administrator of Staging' }).waitFor()
  await page.getByRole('dialog').getByText(`${server.issuer}/staging`, { exact: true }).waitFor()
  await page.getByLabel('I have stored it').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Environment Production: change' }).waitFor() // the way to the other is there at once
  await item('Staging', 'Disable')
  const dialog = page.getByRole('alertdialog')
  assert.equal(await dialog.getByRole('button', { name: 'Disable environment' }).isDisabled(), true)
  await dialog.getByRole('textbox').fill('Staging')
  await dialog.getByRole('button', { name: 'Disable environment' }).click()
  await says('Staging is disabled')
  assert.equal((await server.call('GET', '/environments')).items.find((one) => one.name === 'Staging').enabled, false)
  await item('Staging', 'Enable')
  await says('Staging is enabled.')
})

test('an API is made, gets a scope more and shorter tokens, and is deleted after its name is typed', async () => {
  const { page, open } = visitor
  await open('/settings/apis')
  await page.getByRole('button', { name: 'New API' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Invoices')
  await dialog.getByLabel('Audience').fill('https://invoices.example')
  await dialog.getByLabel('Scopes').fill('invoices:read=See invoices\ninvoices:write')
  await dialog.getByRole('button', { name: 'Create API' }).click()
  await says('Invoices is there.')
  const read = async () => (await server.call('GET', '/apis')).items.find((one) => one.name === 'Invoices')
  const app = await server.call('POST', '/applications', { name: 'billing', scopes: ['invoices:read', 'invoices:write'] })
  await item('Invoices', 'Edit')
  await dialog.getByLabel('Scopes').fill('invoices:read=See invoices\ninvoices:void')
  await dialog.getByLabel('Minutes that a token lives').fill('5')
  await dialog.getByText('Show as CLI, curl or Go').click()
  assert.match(await dialog.locator('pre').first().innerText(), /api edit Invoices --scope 'invoices:read=See invoices' --scope invoices:void --token-lifetime 300s$/)
  await dialog.getByRole('button', { name: 'Save API' }).click()
  await says('Invoices is changed.')
  const { scopes, token_lifetime } = await read()
  assert.deepEqual([scopes.map((s) => s.name), scopes[0].description, token_lifetime], [['invoices:read', 'invoices:void'], 'See invoices', 300])
  assert.deepEqual((await server.call('GET', `/applications/${app.client_id}`)).scopes, ['invoices:read'], 'what left the API left the application')
  await item('Invoices', 'Delete')
  await page.getByRole('alertdialog').getByRole('textbox').fill('Invoices')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete API Invoices' }).click()
  await says('Invoices is deleted')
  assert.equal(await read(), undefined)
})

test('a policy says what it would forbid, is saved, and is not written over what somebody else saved', async () => {
  const { page, open } = visitor
  await server.call('POST', '/applications', { name: 'endless', secret: {} })
  await open('/settings/policies')
  await page.getByLabel('Longest validity').fill('90')
  await page.getByRole('button', { name: 'What would it forbid?' }).click()
  await page.getByText(/credentials? would not be allowed any more/).waitFor()
  assert.equal((await server.call('GET', '/policy')).max_expiry_days, 0, 'asking changes nothing')
  const heard = page.waitForResponse((answer) => answer.url().endsWith('/api/v1/policy') && answer.request().method() === 'GET')
  await server.call('PATCH', '/policy', { chosen_min_length: 40 })
  await heard
  assert.equal(await page.getByLabel('Longest validity').inputValue(), '90', 'what was typed stays')
  await page.getByRole('button', { name: 'Save policy' }).click()
  await page.getByText('Somebody changed this meanwhile').waitFor()
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByRole('status').getByText('The policy is saved').waitFor()
  assert.equal((await server.call('GET', '/policy')).max_expiry_days, 90)
  await page.getByLabel('Characters, at least', { exact: true }).fill('14')
  await page.getByRole('button', { name: 'Save password policy' }).click()
  await page.getByRole('status').getByText('The password policy is saved').waitFor()
  assert.equal((await server.call('GET', '/password-policy')).min_length, 14)
})

test('the policy is there for whoever comes from credentials, and the other way round', async () => {
  const { page, open } = visitor
  const { client_id: id } = await server.call('POST', '/applications', { name: 'on the way' })
  await server.call('PATCH', '/policy', { max_expiry_days: 60 })
  await open(`/applications/${id}/credentials`)
  await page.getByText('No credentials yet').waitFor()
  const side = page.getByRole('navigation', { name: 'Places' })
  await side.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Policies' }).click()
  assert.equal(await page.getByLabel('Longest validity').inputValue(), '60')
  await side.getByRole('link', { name: 'Applications' }).click()
  await page.getByRole('button', { name: 'New application' }).first().click()
  const offered = await page.getByRole('dialog').getByLabel('Its first secret expires').locator('option').allInnerTexts()
  assert.deepEqual(offered, ['In 30 days', 'In 60 days, as long as the policy allows'])
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('sixty')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').locator('[data-secret]').waitFor()
  await open('/settings')
  await server.call('PATCH', '/policy', { max_expiry_days: 0 })
})

test('an authority is added by its certificate, a private key is refused, and it is removed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-authority-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [key, certificate] = [join(folder, 'ca.key'), join(folder, 'ca.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, '-days', '30', '-subj', '/CN=Partner CA', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'], { stdio: 'ignore' })
  const { page, open } = visitor
  await open('/settings/authorities')
  await page.getByRole('button', { name: 'Add authority' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Partner')
  await dialog.getByLabel('Certificate', { exact: true }).fill(readFileSync(key, 'utf8'))
  await dialog.getByRole('button', { name: 'Add authority' }).click()
  await dialog.locator('[aria-invalid=true]').waitFor()
  await dialog.getByLabel('Certificate from a file').setInputFiles(certificate)
  await dialog.getByRole('button', { name: 'Add authority' }).click()
  await says('Partner is trusted now.')
  await page.getByText('CN=Partner CA').waitFor()
  await item('Partner', 'Remove')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove Partner' }).click()
  await says('Partner is removed')
})

test('whoever is told about what ends is named, and a wrong address is told at its field', async () => {
  const { page, open } = visitor
  await open('/settings/mail')
  await says('This server is for trying out')
  const field = page.getByLabel('Addresses')
  await field.fill('ops@example.com\nnobody')
  await page.getByRole('button', { name: 'Save addresses' }).click()
  await page.locator('[aria-invalid=true]').or(page.getByRole('alert')).first().waitFor()
  assert.deepEqual((await server.call('GET', '/notice-addresses')).addresses, [])
  await field.fill('ops@example.com')
  await page.getByRole('button', { name: 'Save addresses' }).click()
  await page.getByRole('status').getByText('The addresses are saved').waitFor()
  assert.deepEqual((await server.call('GET', '/notice-addresses')).addresses, ['ops@example.com'])
  assert.deepEqual(await flaws(page), [])
  assert.deepEqual(visitor.strayed, [])
})
