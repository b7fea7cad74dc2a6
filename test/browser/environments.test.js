import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, house, visit } from './house.js'

const good = 'granite otter velvet 9 harbour'
let server, chromium

before(async () => {
  // Its pages may call their server there: they have a script, which makes passkeys for names.
  ;[server, chromium] = await Promise.all([house('--listen', 'localhost:0'), browser()])
})
after(async () => {
  await chromium?.close()
  await server?.stop()
})

/** Makes an environment with one user, who is its administrator, and returns its issuer. */
async function environment(slug, name) {
  const { admin, id } = await server.call('POST', '/environments', { name: slug, slug })
  const issuer = `${server.issuer}/${slug}`
  const answer = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${admin.client_id}:${admin.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: bearer } = await answer.json()
  const call = async (method, path, body) => {
    const said = await fetch(`${issuer}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(said.ok, `${method} ${path}: ${said.status}`)
    return said.json()
  }
  const user = await call('POST', '/users', { user_name: name })
  await call('PUT', `/users/${user.id}/password`, { password: good })
  await call('POST', `/users/${user.id}/roles`, { role: 'environment-admin', over: 'environment' })
  return { issuer, id }
}

/** Signs in at an environment, to its account. */
async function signIn(page, issuer, name) {
  await page.goto(`${issuer}/signin?return_to=${encodeURIComponent(new URL(`${issuer}/account`).pathname)}`)
  await page.locator('#login').fill(name)
  await page.locator('#password').fill(good)
  await page.locator('#signin-button').click()
  await page.waitForURL(`${issuer}/account`)
}

/** Returns whom the management APIs take the browser for, as their consoles would ask. */
const known = (page, ...issuers) =>
  page.evaluate(
    (all) =>
      Promise.all(
        all.map(async (issuer) => {
          const answer = await fetch(`${issuer}/api/v1/session`, { headers: { 'x-counterfoil': 'console' } })
          return answer.ok ? (await answer.json()).user.user_name : answer.status
        }),
      ),
    issuers,
  )

test('a browser is signed in to two environments at a time, and signs out of one', async () => {
  const ada = await server.person('ada')
  await server.call('PUT', `/users/${ada}/password`, { password: good })
  await server.call('POST', `/users/${ada}/roles`, { role: 'organization-admin', over: 'organization' })
  const home = server.issuer
  const { issuer: acme, id } = await environment('acme', 'grace')
  const { context, page, strayed, complaints } = await visit(chromium, home, {})
  await signIn(page, home, 'ada')
  await signIn(page, acme, 'grace')
  assert.deepEqual(await known(page, home, acme, `${home}/${id}`), ['ada', 'grace', 'grace'])
  await page.goto(`${home}/account`)
  assert.match(await page.locator('body').innerText(), /ada/)
  // Two tabs are two environments, whichever was opened last.
  const other = await context.newPage()
  await other.goto(`${acme}/account`)
  await page.reload()
  assert.equal(page.url(), `${home}/account`)
  assert.equal(other.url(), `${acme}/account`)
  // A cookie has one name in each, and no script reads it.
  const held = (await context.cookies()).filter((c) => c.name.startsWith('__Host-counterfoil-session'))
  assert.deepEqual(held.map((c) => [c.name.replaceAll('-', '').endsWith(id.replaceAll('-', '')), c.path, c.secure, c.httpOnly, c.sameSite]).sort(), [
    [false, '/', true, true, 'Lax'],
    [true, '/', true, true, 'Lax'],
  ])
  assert.equal(await page.evaluate(() => document.cookie), '')
  // The value of one under the name of the other is nothing.
  const thief = await (await chromium.newContext()).newPage()
  const show = (names) =>
    thief.context().addCookies(held.map((c, i) => ({ name: names[i].name, value: c.value, url: home.replace('http:', 'https:'), secure: true })))
  await thief.goto(`${home}/signin`)
  await show(held.toReversed())
  assert.deepEqual(await known(thief, home, acme), [401, 401])
  await show(held)
  assert.deepEqual(await known(thief, home, acme), ['ada', 'grace'])
  await thief.context().close()
  await other.locator('#signout-button').click()
  await other.waitForURL(/\/acme\/signin\?out/)
  assert.deepEqual(await known(page, home, acme), ['ada', 401])
  assert.deepEqual([strayed, complaints.filter((text) => !/status of 401/.test(text))], [[], []])
  await context.close()
})

test('a browser that was in very many environments drops the oldest, and is let in', async () => {
  const { issuer, id } = await environment('late', 'grace')
  const { context, page } = await visit(chromium, server.issuer, {})
  const name = (n) => `__Host-counterfoil-session-${String(n).padStart(32, '0')}`
  for (let n = 0; n < 40; n++) {
    await context.addCookies([{ name: name(n), value: 'x'.repeat(64), url: server.issuer.replace('http:', 'https:'), secure: true, httpOnly: true, sameSite: 'Lax' }])
  }
  await signIn(page, issuer, 'grace')
  const held = (await context.cookies()).map((c) => c.name).sort()
  const want = Array.from({ length: 15 }, (_, i) => name(25 + i))
  assert.deepEqual(held, [...want, `__Host-counterfoil-session-${id.replaceAll('-', '')}`].sort())
  await context.close()
})
