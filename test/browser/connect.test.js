import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { browser, flaws, house, visit, visitors } from './house.js'
import { client, consent, good, provider, site } from './provider.js'

let parcels, elsewhere, server, chromium

before(async () => {
  ;[parcels, elsewhere] = await Promise.all([provider(), consent()])
  ;[server, chromium] = await Promise.all([
    house('--connect-providers', parcels.folder, '--egress-allow', `${parcels.address},${elsewhere.address}`, '--egress-root', elsewhere.root),
    browser(),
  ])
  await server.call('POST', '/connect/connectors', { provider: 'parcels', presets: { origin: parcels.origin } })
  await server.call('POST', '/connect/connectors', { provider: 'oauth2-client-credentials', name: 'other', title: 'Something else' })
})
after(async () => {
  await chromium?.close()
  await server?.stop()
  await elsewhere?.stop()
  await parcels?.stop()
})

/** Makes a connect session. */
const session = (more) =>
  server.call('POST', '/connect/sessions', {
    connectors: ['parcels'],
    end_user: { display_name: 'Ada Lovelace', organization_display_name: 'Analytical Engines' },
    ...more,
  })
const token = (link) => link.split('#')[1]

/** Fills the fields of the form in. */
async function fill(page, secret) {
  await page.getByLabel('Client ID', { exact: true }).fill(good.client)
  await page.getByLabel('Client Secret', { exact: true }).fill(secret)
  await page.getByLabel('Environment ID', { exact: true }).fill(good.tenant)
  await page.getByLabel('Region', { exact: true }).selectOption('eu')
}

/** Opens a link and waits for what it leads to. */
async function enter(page, link) {
  await page.goto(link)
  await page.waitForURL(/\/form$/)
  await page.locator('h1').waitFor()
}

test('a customer connects with the keyboard alone, and the token and the secret are nowhere', async () => {
  const { id, url } = await session()
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, {})
  const sent = []
  context.on('request', (r) => sent.push(r.url() + ' ' + (r.headers().referer ?? '')))
  const answers = []
  context.on('response', (r) => answers.push(r.text().catch(() => '')))
  await enter(page, url)
  assert.equal(await page.locator('h1').innerText(), 'Connect Parcels')
  const tab = () => page.keyboard.press('Tab')
  for (const field of ['client_id', 'client_secret', 'tenant', 'region']) {
    do await tab()
    while ((await page.locator(':focus').getAttribute('id')) !== `f-${field}`)
    await page.keyboard.type({ client_id: good.client, client_secret: 'a typo', tenant: good.tenant, region: 'com.au' }[field])
  }
  assert.equal(await page.locator('#f-region').inputValue(), 'com.au')
  await tab()
  await page.keyboard.press('Enter')
  await page.getByText('nothing was stored').waitFor()
  // The focus is on what is wrong, the list says where checking stopped, and all that was typed is there.
  assert.match(await page.locator('[data-focus]:focus').innerText(), /Client ID and Client Secret do not fit together/)
  assert.equal(await page.locator('.steps .maybe').count(), 3)
  assert.equal(await page.locator('.steps .ok').count(), 3)
  assert.match(await page.title(), /^Error: /)
  assert.equal(await page.locator('#f-tenant').inputValue(), good.tenant)
  assert.equal(await page.locator('#f-client_secret').inputValue(), 'a typo')
  assert.equal(await page.locator('.banner b').count(), 0) // of the provider's
  await page.locator('#f-client_secret').fill(good.secret + ' ')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/done$/)
  assert.equal(await page.locator('h1:focus').innerText(), 'Parcels is connected')
  assert.match(await page.locator('main').innerText(), /Client Secret: There was a blank around this/)
  assert.equal(await page.locator('.steps .ok').count(), 8)
  const made = await server.call('GET', `/connect/connections/${(await server.call('GET', `/connect/sessions/${id}`)).connection}`)
  assert.equal(made.state, 'healthy')
  for (const text of [...sent, ...(await Promise.all(answers))]) {
    for (const secret of [token(url), good.secret, 'a typo']) assert.ok(!text.includes(secret), `${secret} in ${text.slice(0, 200)}`)
  }
  assert.equal(await page.evaluate(() => document.cookie), '')
  // Going back shows no form, and the link is used.
  await page.reload()
  assert.equal(await page.locator('h1').innerText(), 'Parcels is connected')
  await page.goto('about:blank')
  await enter(page, url)
  assert.equal(await page.locator('h1').innerText(), 'This link was used already')
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
})

test('a customer who must agree elsewhere is sent there and back, and may decline', async () => {
  await server.call('POST', '/connect/connectors', {
    provider: 'oauth2-authorization-code',
    name: 'ledgers',
    title: 'Ledgers',
    presets: { authorize_url: `${elsewhere.origin}/authorize`, token_url: `${elsewhere.origin}/token`, scope: 'ledgers:read' },
    client_id: client.id,
    client_secret: client.secret,
  })
  const { id, url } = await session({ connectors: ['ledgers'] })
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { ignoreHTTPSErrors: true }, elsewhere.origin)
  await enter(page, url)
  const go = async () => {
    await page.locator('button.main').click()
    await page.waitForURL(`${elsewhere.origin}/authorize?**`)
  }
  await go()
  const asked = new URL(page.url()).searchParams
  assert.deepEqual([asked.get('client_id'), asked.get('scope'), asked.get('redirect_uri')], [client.id, 'ledgers:read', `${server.issuer}/connect/callback`])
  assert.ok(!page.url().includes(token(url)))
  await page.locator('#decline').click()
  await page.waitForURL(/\/connect\/callback\?/)
  assert.deepEqual(await flaws(page), [])
  assert.equal((await server.call('GET', `/connect/sessions/${id}`)).connection, undefined)
  assert.match(await page.locator('main').innerText(), /Open the link once more to try again/)
  await enter(page, url)
  await go()
  const back = page.url()
  await page.locator('#agree').click()
  await page.waitForURL(/\/done$/)
  assert.equal(await page.locator('h1').innerText(), 'Ledgers is connected')
  const { connection } = await server.call('GET', `/connect/sessions/${id}`)
  assert.equal((await server.call('GET', `/connect/connections/${connection}/token`)).access_token, 'agreed')
  // Whoever catches the way back cannot walk it in a browser of their own.
  const thief = await visit(chromium, server.issuer, { ignoreHTTPSErrors: true }, elsewhere.origin)
  await thief.page.goto(back)
  await thief.page.locator('#agree').click()
  await thief.page.waitForURL(/\/connect\/callback\?/)
  assert.ok(!(await thief.page.content()).includes('Ledgers is connected'))
  await thief.context.close()
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
})

test('without scripts the link is pasted, and secrets are typed again', async () => {
  const { url } = await session()
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { javaScriptEnabled: false })
  await page.goto(url)
  await page.getByLabel('Your link').fill(url)
  await page.getByRole('button', { name: 'Go on' }).click()
  await fill(page, 'a typo')
  await page.getByLabel('Environment ID', { exact: true }).fill(`https://api.parcels.eu/environments/${good.tenant}`)
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('nothing was stored').waitFor()
  assert.equal(await page.locator('#f-client_secret').inputValue(), '')
  assert.equal(await page.locator('#f-tenant').inputValue(), good.tenant)
  await page.locator('#f-client_secret').fill('roleless')
  await page.getByRole('button', { name: 'Try again' }).click()
  assert.equal(await page.locator('h1').innerText(), 'Parcels is connected')
  assert.match(await page.locator('.doubt').innerText(), /Grant the worker a role/)
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
})

test('an address or a file that is pasted fills the fields, and no secret comes back', async () => {
  const { url } = await session()
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, {})
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await enter(page, url)
  const answers = []
  page.on('response', (r) => r.url().endsWith('/paste') && answers.push(r.text()))
  const paste = async (into, text) => {
    await page.evaluate((t) => navigator.clipboard.writeText(t), text)
    await page.locator(into).focus()
    await page.keyboard.press('Control+V')
  }
  await paste('#f-client_id', `# ä𝄞\nCLIENT_ID=${good.client}\nPARCELS_CLIENT_SECRET="${good.secret}"\n`)
  await page.getByText('Filled in from what you pasted: Client ID, Client Secret').waitFor()
  assert.equal(await page.locator('#f-client_id').inputValue(), good.client)
  assert.equal(await page.locator('#f-client_secret').inputValue(), good.secret)
  await paste('#f-client_id', `https://api.parcels.com.au/environments/${good.tenant}`)
  await page.getByText('Environment ID, Region').waitFor()
  assert.equal(await page.locator('#f-client_id').inputValue(), good.client)
  assert.equal(await page.locator('#f-region').inputValue(), 'com.au')
  await page.locator('#f-client_secret').fill('')
  await paste('#f-client_secret', '  one=two words  ')
  await page.waitForFunction(() => document.querySelector('#f-client_secret').value)
  assert.equal(await page.locator('#f-client_secret').inputValue(), 'one=two words')
  for (const text of await Promise.all(answers)) assert.ok(!text.includes(good.secret))
  // The secret is shown to whoever asks, and hidden again.
  const reveal = page.getByRole('button', { name: 'Show: Client Secret' })
  await reveal.click()
  assert.deepEqual([await page.locator('#f-client_secret').getAttribute('type'), await reveal.getAttribute('aria-pressed')], ['text', 'true'])
  await reveal.click()
  assert.equal(await page.locator('#f-client_secret').getAttribute('type'), 'password')
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
})

test('a site shows the page in a frame and hears what happens, with no cookie anywhere', async (t) => {
  const host = await site(`${server.issuer}/connect/connect.js`)
  t.after(host.stop)
  const { id, url } = await session({ origins: [host.origin] })
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, {}, host.origin)
  const sent = []
  context.on('request', (r) => sent.push(r.url() + ' ' + (r.headers().referer ?? '')))
  await page.goto(`${host.origin}/`)
  await page.evaluate((link) => (window.link = link), url)
  await page.locator('#connect').click()
  const frame = page.frameLocator('iframe')
  await fill(frame, 'a typo')
  await frame.getByRole('button', { name: 'Connect', exact: true }).click()
  await frame.getByText('nothing was stored').waitFor()
  assert.deepEqual(await flaws(page.frames()[1]), [])
  await frame.locator('#f-client_secret').fill(good.secret)
  await frame.getByRole('button', { name: 'Try again' }).click()
  await frame.getByText('Parcels is connected').waitFor()
  // What others post is not believed: neither another window's word nor another session's.
  await page.evaluate(() => window.postMessage({ v: 1, type: 'connected', session_id: 'forged' }, '*'))
  await frame.getByRole('button', { name: 'Done' }).click()
  await page.locator('iframe').waitFor({ state: 'detached' })
  const heard = await page.evaluate(() => heard)
  const { connection } = await server.call('GET', `/connect/sessions/${id}`)
  assert.deepEqual(
    heard.filter((e) => e.type !== 'resize'),
    [
      { v: 1, type: 'ready', session_id: id },
      { v: 1, type: 'submit', session_id: id },
      { v: 1, type: 'error', session_id: id, error: { code: 'check_failed', stage: 'client_known' } },
      { v: 1, type: 'submit', session_id: id },
      { v: 1, type: 'connected', session_id: id, connection_id: connection },
      { v: 1, type: 'closed', session_id: id },
    ],
  )
  assert.ok(heard.some((e) => e.type === 'resize' && e.height > 300))
  assert.equal(await page.locator(':focus').getAttribute('id'), 'connect') // where it was before
  assert.deepEqual(await context.cookies(), [])
  for (const text of sent) assert.ok(!text.includes(token(url)), text)
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
})

test('a site that the session does not name can neither frame the page nor hear it', async (t) => {
  const [host, other] = await Promise.all([site(`${server.issuer}/connect/connect.js`), site(`${server.issuer}/connect/connect.js`)])
  t.after(host.stop)
  t.after(other.stop)
  const allowed = await session({ origins: [host.origin] })
  const nobody = await session()
  for (const link of [allowed.url, nobody.url]) {
    const { context, page, complaints } = await visit(chromium, server.issuer, {}, other.origin)
    await page.goto(`${other.origin}/`)
    await page.evaluate((url) => (window.link = url), link)
    await page.locator('#connect').click()
    const blocked = () => complaints.some((c) => /frame-ancestors/.test(c))
    for (const deadline = Date.now() + 10_000; !blocked() && Date.now() < deadline; await setTimeout(20));
    assert.ok(blocked(), complaints.join())
    assert.ok(page.frames().every((f) => !f.url().startsWith(server.issuer)))
    assert.deepEqual(await page.evaluate(() => heard), [])
    await context.close()
  }
})

test('the page can be read by everybody in every state, in light and dark, wide and narrow', async () => {
  const theme = { light: { primary: '#6d28d9', background: '#f3f0fa' }, dark: { primary: '#c4b5fd' } }
  for (const visitor of visitors) {
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, visitor)
    const look = async (name) => {
      const what = `connect ${name}, ${visitor.name}`
      assert.deepEqual(await flaws(page), [], what)
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth)
      assert.ok(wide <= visitor.viewport.width, `${what} is ${wide} wide`)
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${what.replaceAll(/\W+/g, '-')}.png`, fullPage: true })
    }
    await page.goto(`${server.issuer}/connect`)
    await look('without a link')
    const { url } = await session({ connectors: ['parcels', 'other'], theme })
    await enter(page, url)
    await look('choice')
    await page.getByRole('button', { name: 'Parcels' }).click()
    await page.locator('button.main').waitFor()
    await look('form')
    await page.locator('button.main').click()
    await page.locator('.problem').first().waitFor()
    await look('fields that do not fit')
    await fill(page, 'a typo')
    await page.locator('button.main').click()
    await page.locator('.steps').waitFor()
    await look('a failed try')
    await page.locator('#f-client_secret').fill('roleless')
    await page.locator('button.main').click()
    await page.locator('.doubt').waitFor()
    await look('the end')
    const japanese = await session({ language: 'ja' })
    await enter(page, japanese.url)
    await look('in Japanese')
    assert.deepEqual([strayed, complaints], [[], []], visitor.name)
    await context.close()
  }
})
