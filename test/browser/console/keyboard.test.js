// Who has no mouse makes an application, adds a secret, copies it and gets a token.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { administrator } from './console.js'
import { credentialHouse } from './credentialhouse.js'

const { server, chromium } = await credentialHouse()

/** What has the focus: its role and its name, as a screen reader says it. */
const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement
    const labels = [...(at.labels ?? [])].map((label) => label.textContent)
    return { tag: at.tagName.toLowerCase(), name: (at.getAttribute('aria-label') ?? (labels.join(' ') || at.textContent)).trim(), ring: getComputedStyle(at).outlineStyle }
  })

/** Presses Tab until something with that name has the focus; everything on the way must show that it has it. */
async function tabTo(page, name, key = 'Tab') {
  const seen = []
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press(key)
    const at = await focused(page)
    if (at.tag !== 'body' && at.tag !== 'main') assert.notEqual(at.ring, 'none', `${at.tag} ${at.name} does not show the focus`)
    if (name instanceof RegExp ? name.test(at.name) : at.name === name) return
    seen.push(at.name)
  }
  assert.fail(`no ${name} among ${seen.join(' | ')}`)
}

test('without a mouse: create an application, add a secret, copy it, get a token', async () => {
  const visitor = await administrator(server, chromium, { permissions: ['clipboard-read', 'clipboard-write'] })
  const { page, context, strayed, complaints } = visitor
  const { keyboard } = page
  // g a: to the applications; c: begin to make one.
  await keyboard.press('g')
  await keyboard.press('a')
  await page.getByRole('heading', { level: 1, name: 'Applications' }).waitFor()
  await page.locator('[data-key=c]').first().waitFor()
  await keyboard.press('c')
  await page.getByRole('dialog', { name: 'New application' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT')
  await keyboard.type('billing')
  await tabTo(page, /^Scopes: none yet/)
  await keyboard.press('Enter')
  await tabTo(page, /invoices:read/)
  await keyboard.press('Space')
  await tabTo(page, 'Save')
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Application billing' }).waitFor()
  await tabTo(page, 'I have stored it')
  await keyboard.press('Space')
  await tabTo(page, 'Done')
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'billing' }).waitFor()
  // To the tab with its credentials.
  await tabTo(page, 'Credentials')
  await keyboard.press('Enter')
  await page.getByRole('table', { name: 'Credentials of billing' }).waitFor()
  await keyboard.press('c')
  await page.getByRole('dialog', { name: 'Add a secret to billing' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'description')
  await keyboard.type('typed')
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Secret for billing' }).waitFor()
  await tabTo(page, 'Copy: Client ID')
  await keyboard.press('Enter')
  const clientId = await page.evaluate(() => navigator.clipboard.readText())
  await tabTo(page, 'Copy: Client secret')
  await keyboard.press('Enter')
  await page.getByRole('button', { name: 'Copied: Client secret' }).waitFor()
  const secret = await page.evaluate(() => navigator.clipboard.readText())
  await tabTo(page, 'Copy: Token URL')
  await keyboard.press('Enter')
  const url = await page.evaluate(() => navigator.clipboard.readText())
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  assert.equal(answer.status, 200)
  assert.equal((await answer.json()).scope, 'invoices:read')
  // And on the page itself.
  await tabTo(page, 'Use it, and test it')
  await keyboard.press('Enter')
  await tabTo(page, /^Run test/i)
  await keyboard.press('Enter')
  await page.locator('[data-test-result="200"]').waitFor()
  await tabTo(page, 'I have stored it')
  await keyboard.press('Space')
  await tabTo(page, 'Done')
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // The focus comes back to where it was: to what opened the dialog.
  await page.waitForFunction(() => document.activeElement?.textContent === 'Add secret')
  await context.close()
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints, [])
})

test('r begins to rotate the secret that is open, in the list of keys and nowhere else', async () => {
  const { client_id: id } = await server.call('POST', '/applications', { name: 'turning' })
  const secret = await server.call('POST', `/applications/${id}/secrets`, { description: 'old one' })
  const { client_id: keyed } = await server.call('POST', '/applications', { name: 'trusting' })
  const trust = await server.call('POST', `/applications/${keyed}/trusts`, { description: 'ci', issuer: 'https://ci.example', subject: 'repo', audience: 'https://counterfoil.example', jwks: { keys: [{ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }] } })
  const { page, context, open, strayed, complaints } = await administrator(server, chromium)
  const { keyboard } = page
  await open(`/applications/${id}/credentials`)
  await page.getByRole('row').filter({ hasText: 'old one' }).waitFor()
  await keyboard.press('r') // nothing is open
  assert.equal(await page.getByRole('dialog').count(), 0)
  await keyboard.press('?')
  await page.getByRole('dialog').getByText('Rotate the secret that is open').waitFor()
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await tabTo(page, 'old one')
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Secret old one' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'))
  await keyboard.press('r')
  const rotating = page.getByRole('dialog', { name: 'Rotate secret old one' })
  await rotating.waitFor()
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'))
  assert.equal((await server.call('GET', `/applications/${id}/credentials`)).items.length, 1, 'the key by itself makes nothing')
  await tabTo(page, 'Rotate secret old one')
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'New secret for turning' }).waitFor()
  const items = (await server.call('GET', `/applications/${id}/credentials`)).items
  assert.deepEqual(items.map((one) => one.replaces).filter(Boolean), [secret.id])
  // Who has switched single keys off rotates nothing by accident, and what cannot be rotated is left alone.
  await page.getByLabel('I have stored it').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await open(`/applications/${keyed}/credentials?open=${trust.id}`)
  await page.getByRole('dialog', { name: /ci$/ }).waitFor()
  await keyboard.press('r')
  await page.waitForTimeout(300) // longer than a dialog takes to come
  assert.equal(await page.getByRole('dialog', { name: /^Rotate/ }).count(), 0)
  await page.evaluate(() => localStorage.setItem('shortcuts', 'off'))
  const [next] = items.filter((one) => one.replaces)
  await open(`/applications/${id}/credentials?open=${next.id}`)
  await page.getByRole('dialog', { name: 'Secret old one' }).waitFor()
  await keyboard.press('r')
  await page.waitForTimeout(300)
  assert.equal(await page.getByRole('dialog', { name: /^Rotate/ }).count(), 0)
  await context.close()
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints, [])
})

test('the menu of a row, its dialogs and what deletes are reached by keys, and Escape leads back to the row', async () => {
  const { client_id: id } = await server.call('POST', '/applications', { name: 'rows' })
  for (const description of ['first', 'spare']) await server.call('POST', `/applications/${id}/secrets`, { description })
  const { page, context, open, strayed, complaints } = await administrator(server, chromium)
  const { keyboard } = page
  await open(`/applications/${id}/credentials`)
  await page.getByRole('row').filter({ hasText: 'spare' }).waitFor()
  await tabTo(page, 'Actions for first')
  await keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  await keyboard.type('De') // menus are walked by letters, too
  await page.waitForFunction(() => document.activeElement?.textContent === 'Delete')
  await keyboard.press('Enter')
  await page.getByRole('alertdialog', { name: 'Delete secret first?' }).waitFor()
  await keyboard.press('Escape')
  await page.getByRole('alertdialog').waitFor({ state: 'detached' })
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Actions for first')
  // No key by itself does harm.
  for (const key of ['d', 'Delete', 'Backspace', 'r']) await keyboard.press(key)
  assert.equal((await server.call('GET', `/applications/${id}/credentials`)).items.length, 2)
  await context.close()
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints, [])
})
