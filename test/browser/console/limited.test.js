// People who are no administrators at the console: what their roles give is there, and nothing else is, by whatever way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atConsole, comeIn, unclean } from './console.js'

const { server, chromium, visitor: ada } = await atConsole()
const password = 'copper lantern 4 quiet meadows'

// What nobody may see who has no right to it: each is the name of something.
const hidden = { person: 'Wilhelmina', pair: 'Zebra nightly pair', group: 'the stokers', connection: 'Petrel books' }
await server.call('POST', '/users', { user_name: 'mina', display_name: hidden.person, emails: [{ value: 'mina@example.com' }] })
await server.call('POST', '/groups', { name: hidden.group })
const pair = await server.call('POST', '/credentials', { name: hidden.pair, access: 'authentication-only' })
const app = await server.call('POST', '/applications', { name: 'billing', secret: {} })
const population = (await server.call('GET', '/populations')).items[0].id

/** Somebody with one role, at the console. */
async function colleague(name, role) {
  const id = await server.person(name)
  await server.call('PUT', `/users/${id}/password`, { password })
  await server.call('POST', `/users/${id}/roles`, { role, over: role === 'identity-data-admin' ? 'population' : 'environment', ...(role === 'identity-data-admin' && { scope_id: population }) })
  const visitor = await comeIn(server, chromium, name, password)
  await visitor.open('/')
  return Object.assign(visitor, {
    id,
    places: () => visitor.page.getByRole('navigation', { name: 'Places' }).getByRole('listitem').allInnerTexts(),
    /** Calls the management API as the console does, with the cookie of the person, and returns the status. */
    call: (method, path, body) =>
      visitor.page.evaluate(
        async ([method, path, body]) => (await fetch(`/api/v1${path}`, { method, headers: { 'x-counterfoil': 'console', 'content-type': 'application/json' }, body: body && JSON.stringify(body) })).status,
        [method, path, body],
      ),
    /** Goes to screens that are not the person's: each says so, and none holds what is hidden. */
    async shutOut(paths) {
      const wrong = []
      for (const path of paths) {
        await visitor.open(path)
        const said = visitor.page.getByRole('alert').first()
        await said.waitFor({ timeout: 5_000 }).catch(() => wrong.push(`${path} says nothing`))
        if ((await said.count()) > 0 && !/^Your roles do not include |are for those who have the role/.test(await said.innerText())) wrong.push(`${path}: ${await said.innerText()}`)
        const text = await visitor.page.content()
        wrong.push(...Object.values(hidden).filter((name) => text.includes(name)).map((name) => `${path} holds ${name}`))
        wrong.push(...(await offered(visitor.page)).filter((words) => /^(New|Add|Create|Invite|Import|Export|Delete|Save)/.test(words)).map((words) => `${path} offers ${words}`))
      }
      assert.deepEqual(wrong, [])
    },
    async leave() {
      assert.deepEqual(visitor.strayed, [])
      assert.deepEqual(visitor.complaints.filter((text) => !/status of 403/.test(text)), [])
      await visitor.context.close()
    },
  })
}

/** What can be pressed on a screen beside what only looks, by its words. */
const offered = async (page) =>
  (await page.locator('main').getByRole('button').evaluateAll((all) => all.filter((one) => !one.disabled).map((one) => one.ariaLabel || one.textContent.trim()))).filter(
    (words) => !/^(Copy|Show more|Hide$|What would it forbid)/.test(words),
  )

test('who may only look at the configuration sees it, is offered no change, and is told plainly what is closed', async () => {
  const { page, places, open, call, shutOut, leave } = await colleague('aud', 'configuration-read-only')
  assert.deepEqual(await places(), ['Overview', 'Applications', 'Integration', 'Tokens & keys', 'Webhooks', 'Hygiene', 'Settings'])
  await shutOut(['/api-credentials', '/directory/users', '/directory/groups', '/directory/invitations', '/directory/roles', '/connect/connections', '/ledger'])
  assert.deepEqual(await unclean(page, 'light'), [])
  await open('/applications')
  await page.getByRole('link', { name: 'billing' }).waitFor()
  assert.deepEqual(await offered(page), [])
  for (const part of ['', '/credentials', '/access', '/settings']) {
    await open(`/applications/${app.client_id}${part}`)
    assert.deepEqual((await offered(page)).filter((words) => /^(Disable|Enable|Delete|Save|Add|Lock|Unlock|Rotate|Edit|Reveal)/.test(words)), [], part)
  }
  assert.equal(await page.getByRole('link', { name: 'History' }).count(), 0)
  for (const path of ['/webhooks', '/settings/policies', '/settings/apis', '/settings/authorities', '/tokens/keys', '/integration/global']) {
    await open(path)
    assert.deepEqual((await offered(page)).filter((words) => /^(New|Save|Add|Rotate|Delete|Make|Set|Retire)/.test(words)), [], path)
  }
  assert.deepEqual(await unclean(page, 'dark'), [])
  const calls = [['POST', '/applications', { name: 'x' }], ['POST', `/applications/${app.client_id}/disable`], ['DELETE', `/applications/${app.client_id}`], ['POST', `/applications/${app.client_id}/secrets`, {}], ['PATCH', '/policy', { max_expiry_days: 1 }], ['GET', '/users'], ['GET', '/credentials'], ['GET', '/ledger/events']]
  for (const [method, path, body] of calls) assert.equal(await call(method, path, body), 403, `${method} ${path}`)
  assert.equal(await call('GET', `/applications/${app.client_id}`), 200)
  assert.deepEqual([(await server.call('GET', `/applications/${app.client_id}`)).enabled, (await server.call('GET', '/policy')).max_expiry_days], [true, 0])
  await leave()
})

test('who develops applications makes and keeps their own, and comes to no API credential by whatever address', async () => {
  const { page, places, open, call, shutOut, leave } = await colleague('dev', 'client-application-developer')
  assert.deepEqual(await places(), ['Overview', 'Applications', 'Integration', 'Tokens & keys', 'Hygiene', 'Settings'])
  await shutOut(['/api-credentials', `/api-credentials?open=${pair.client_id}`, '/directory/users', '/directory/roles', '/connect/connections', '/webhooks', '/ledger', '/settings/policies'])
  await open('/applications')
  await page.getByRole('button', { name: 'New application' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('theirs')
  assert.deepEqual(await unclean(page, 'dark'), [])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.locator('[data-secret]').waitFor()
  await dialog.getByLabel('I have stored it').check()
  await dialog.getByRole('button', { name: 'Done' }).click()
  const made = (await server.call('GET', '/applications?name=theirs')).items[0]
  assert.equal(made.enabled, true)
  // The pair is an application, too, and is not handled from there either.
  const one = `/applications/${pair.client_id}`
  for (const part of ['', '/credentials', '/access', '/settings']) {
    await open(`${one}${part}`)
    assert.deepEqual((await offered(page)).filter((words) => /^(Disable|Enable|Delete|Save|Add|Lock|Unlock|Rotate|Edit|Reveal)/.test(words)), [], part)
    assert.equal(await page.getByRole('switch').and(page.locator(':enabled')).count(), 0, part)
  }
  assert.deepEqual(await unclean(page, 'light'), [])
  await open(`${one}/credentials`)
  await page.getByRole('button', { name: /^Actions for cfs_/ }).click()
  await page.getByRole('menuitem', { name: 'Look closer' }).waitFor()
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['Look closer'])
  await open(`/applications/${made.client_id}/credentials`)
  await page.getByRole('button', { name: 'Add secret' }).first().waitFor() // what is theirs, they handle
  const secret = (await server.call('GET', `${one}/secrets`)).items[0].id
  const calls = [
    ['GET', '/credentials'], ['GET', `/credentials/${pair.client_id}`], ['POST', `/credentials/${pair.client_id}/disable`], ['DELETE', `/credentials/${pair.client_id}`], ['POST', '/credentials', { name: 'x', access: 'authentication-only' }],
    ['POST', `${one}/disable`], ['PATCH', one, { name: 'x' }], ['POST', `${one}/lock`, { minutes: 5 }], ['PUT', `${one}/lock-policy`, { policy: 'off' }], ['POST', `${one}/secrets`, {}],
    ['POST', `${one}/secrets/${secret}/disable`], ['POST', `${one}/secrets/${secret}/rotate`, {}], ['DELETE', `${one}/secrets/${secret}?force=true`], ['DELETE', one],
  ]
  for (const [method, path, body] of calls) assert.equal(await call(method, path, body), 403, `${method} ${path}`)
  const { enabled, name } = await server.call('GET', `/credentials/${pair.client_id}`)
  assert.deepEqual([enabled, name], [true, hidden.pair])
  const token = await fetch(`${server.issuer}/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${pair.client_id}:${pair.secret}`)}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) })
  assert.equal(token.status, 200, 'the pair goes on working')
  assert.equal(await call('DELETE', `/applications/${made.client_id}`), 200)
  await leave()
})

test('who looks after the people of one population sees these, and no other, and gives nobody a role', async () => {
  const other = await server.call('POST', '/populations', { name: 'Elsewhere' })
  const stranger = await server.call('POST', '/users', { user_name: 'stranger', display_name: 'Stranger Danger', population_id: other.id })
  const { page, places, open, call, shutOut, id, leave } = await colleague('ida', 'identity-data-admin')
  assert.deepEqual(await places(), ['Overview', 'Directory', 'Tokens & keys', 'Settings'])
  await open('/directory/users')
  await page.locator('tbody').getByRole('link', { name: hidden.person }).waitFor()
  assert.ok(!(await page.content()).includes('Stranger Danger'))
  await open(`/directory/users/${stranger.id}`)
  await page.getByRole('alert').first().waitFor()
  assert.ok(!(await page.content()).includes('Stranger Danger'))
  assert.deepEqual(await unclean(page, 'dark'), [])
  delete hidden.person // hers to see
  await shutOut(['/applications', `/applications/${app.client_id}`, '/api-credentials', '/connect/connections', '/ledger', '/hygiene'])
  await open(`/directory/users/${id}`)
  await page.getByRole('region', { name: /Roles of/ }).waitFor()
  assert.deepEqual((await offered(page)).filter((words) => /role|^Remove/i.test(words)), [])
  const { status } = await server.user(stranger.id)
  for (const [method, path, body] of [['POST', `/users/${id}/roles`, { role: 'organization-admin', over: 'organization' }], ['POST', `/users/${stranger.id}/suspend`], ['DELETE', `/users/${stranger.id}`]]) {
    assert.ok([403, 404].includes(await call(method, path, body)), `${method} ${path}`)
  }
  assert.equal((await server.user(stranger.id)).status, status)
  assert.equal((await server.call('GET', `/users/${id}/roles`)).items.length, 1)
  await leave()
  assert.deepEqual(ada.strayed, [])
})
