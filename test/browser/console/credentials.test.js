// The credentials of an application: what the document about secrets for API authentication says, step by step, and more.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { settled } from './console.js'
import { act, add, credentialHouse, done, leave } from './credentialhouse.js'

const { server, desk, token } = await credentialHouse()

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
