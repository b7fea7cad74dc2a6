// What holds wherever one is at the console: help, copying, still pictures, narrow screens, and cookies that somebody planted.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { house } from '../house.js'
import { administrator, atConsole, comeIn, settled, unclean } from './console.js'

const { server, chromium, visitor } = await atConsole()
const password = 'granite otter velvet 9 harbour' // of ada, whom the set-up makes
const cookie = '__Host-counterfoil-session'

test('the help menu leads to the documentation and the reference of the API, in windows that know nothing of this one', async () => {
  const { page, context, open } = visitor
  await open('/ledger')
  const help = page.getByRole('button', { name: 'Help' })
  await help.click()
  await page.getByRole('menu').waitFor()
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['Documentation', 'API reference', 'Keyboard shortcuts'], 'nobody said where problems are reported')
  assert.deepEqual((await unclean(page, 'dark')).filter((flaw) => !flaw.startsWith('region:')), []) // a menu stands beside the landmarks
  for (const [name, path, heading] of [['Documentation', '/docs/', /./], ['API reference', '/docs/api/', /API/]]) {
    if (!(await page.getByRole('menu').isVisible())) await help.click()
    const heard = context.waitForEvent('request', (request) => request.isNavigationRequest() && request.url().includes('/docs'))
    const [opened, request] = await Promise.all([context.waitForEvent('page'), heard, page.getByRole('menuitem', { name }).click()])
    await opened.waitForURL(`${server.issuer}${path}`)
    assert.match(await opened.locator('h1').first().innerText(), heading)
    assert.equal(await opened.evaluate(() => window.opener), null)
    assert.equal(request.headers().referer, undefined)
    await opened.close()
  }
  if (!(await page.getByRole('menu').isVisible())) await help.click()
  await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).click()
  await page.getByRole('dialog', { name: /shortcuts/i }).waitFor()
  assert.deepEqual(await unclean(page, 'light'), [])
  await page.keyboard.press('Escape')
})

test('where the operator says so, the help menu leads to where problems are reported and ideas are told', async () => {
  const [docs, report, ideas] = ['https://help.example/docs', 'https://help.example/report?product=counterfoil', 'mailto:ideas@help.example']
  const other = await house('--listen', 'localhost:0', '--help-docs-url', docs, '--help-report-url', report, '--help-ideas-url', ideas)
  after(() => other.stop())
  const { page, context, open, complaints } = await administrator(other, chromium)
  await context.route('https://help.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>Help</title><h1>We listen</h1>' }))
  await open('/applications')
  for (const [name, url] of [['Documentation', docs], ['Report a problem', report]]) {
    await page.getByRole('button', { name: 'Help' }).click()
    const heard = context.waitForEvent('request', (request) => request.url() === url)
    const [opened, request] = await Promise.all([context.waitForEvent('page'), heard, page.getByRole('menuitem', { name }).click()])
    await opened.getByRole('heading', { name: 'We listen' }).waitFor()
    assert.equal(opened.url(), url)
    assert.equal(request.headers().referer, undefined, 'where one was is nobody else’s business')
    await opened.close()
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
  }
  await page.getByRole('button', { name: 'Help' }).click()
  assert.equal(await page.getByRole('menuitem', { name: 'Suggest an idea' }).getAttribute('href'), ideas)
  assert.deepEqual(complaints, [])
  await context.close()
})

test('what is copied stands in the clipboard; where that is closed, it is selected and said to be, and nothing is said to be that is not', async () => {
  await server.call('POST', '/apis', { name: 'invoices', audience: 'https://invoices.example', scopes: [{ name: 'invoices:read' }] })
  const { client_id: id } = await server.call('POST', '/applications', { name: 'copied', scopes: ['invoices:read'] })
  const root = await administrator(server, chromium, { permissions: ['clipboard-read', 'clipboard-write'] })
  await root.open(`/applications/${id}`)
  await root.page.locator('main').getByRole('button', { name: 'Copy: the client ID' }).first().click()
  await root.page.getByRole('button', { name: 'Copied: the client ID' }).waitFor()
  assert.equal(await root.page.evaluate(() => navigator.clipboard.readText()), id)
  await root.context.close()
  const closed = {
    refused: () => (navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))),
    missing: () => Object.defineProperty(navigator, 'clipboard', { value: undefined }), // as over plain HTTP
  }
  for (const [how, close] of Object.entries(closed)) {
    const { page, context, open } = await administrator(server, chromium)
    await context.addInitScript(close)
    await open(`/applications/${id}`)
    const button = page.locator('main').getByRole('button', { name: /: the client ID$/ }).first()
    await button.click()
    await page.getByRole('button', { name: 'Press Ctrl C: the client ID' }).first().waitFor()
    assert.equal(await page.evaluate(() => getSelection().toString()), id, how)
    await page.getByText('The browser does not let us copy. The text is selected').first().waitFor({ state: 'attached' })
    assert.deepEqual(await unclean(page, 'dark'), [])
    await page.getByRole('button', { name: 'Copy: the client ID' }).first().waitFor() // it can be pressed again
    // A secret that is shown once, in its window.
    await open(`/applications/${id}/credentials`)
    await page.getByRole('button', { name: 'Add secret' }).first().click()
    await page.getByRole('dialog').getByLabel('Description').fill(how)
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    const secret = await page.locator('[data-secret]').innerText()
    await page.locator('dd', { has: page.locator('[data-secret]') }).getByRole('button', { name: /^Copy:/ }).click()
    await page.locator('dd').getByRole('button', { name: /^Press Ctrl C:/ }).waitFor()
    assert.equal(await page.evaluate(() => getSelection().toString()), secret, how)
    // The beginning of a token is not the token.
    const tried = await server.call('POST', `/applications/${id}/secrets`, { description: `for a token, ${how}` })
    await page.getByRole('dialog').getByLabel('I have stored it').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
    await open(`/applications/${id}/use`)
    await page.getByLabel('Client secret').fill(tried.secret)
    await page.getByRole('button', { name: 'Run test' }).click()
    await page.locator('[data-test-result="200"]').waitFor()
    await page.getByRole('button', { name: 'Copy: the token' }).click()
    await page.getByRole('button', { name: 'Not copied: the token' }).waitFor()
    assert.equal(await page.evaluate(() => getSelection().toString().includes('…')), false, how)
    await context.close()
  }
})

test('who asks for less motion sees none: not on the overview, not while it is fetched, not in a window', async () => {
  const blink = 50 // milliseconds
  // How long what moves takes, each with where it is; an end that never comes is the longest.
  const moves = (page) =>
    page.evaluate((blink) => {
      const found = document.getAnimations().map((one) => [one.effect.getComputedTiming().endTime, one.effect.target?.className])
      const ms = (list) => list.split(',').map((text) => (text.trim().endsWith('ms') ? Number.parseFloat(text) : Number.parseFloat(text) * 1000))
      for (const element of document.querySelectorAll('*')) {
        for (const pseudo of [null, '::before', '::after']) {
          const style = getComputedStyle(element, pseudo)
          const times = style.animationIterationCount.split(',').map((n) => (n.trim() === 'infinite' ? Infinity : Number.parseFloat(n)))
          if (style.animationName !== 'none') found.push([Math.max(...ms(style.animationDuration)) * Math.max(...times), element.className])
          found.push([Math.max(...ms(style.transitionDuration)), element.className])
        }
      }
      return found.filter(([time]) => !(time <= blink)).map(String)
    }, blink)
  const look = async (reducedMotion) => {
    const { page, context } = await administrator(server, chromium, { reducedMotion })
    let go
    const held = new Promise((resolve) => (go = resolve))
    await page.route('**/api/v1/overview', async (route) => {
      await held
      await route.continue()
    })
    await page.goto(`${server.issuer}/console/`)
    await page.locator('main .animate-pulse').first().waitFor()
    const seen = { waiting: await moves(page) }
    go()
    await settled(page)
    seen.overview = await moves(page)
    await page.goto(`${server.issuer}/console/applications?new=`)
    await page.getByRole('dialog').waitFor()
    seen.dialog = await moves(page)
    await page.goto(`${server.issuer}/console/`)
    await settled(page)
    if (reducedMotion === 'reduce') assert.deepEqual(await unclean(page, 'dark'), [])
    await context.close()
    return seen
  }
  assert.ok((await look('no-preference')).waiting.length > 0, 'else this would see nothing move at all')
  assert.deepEqual(await look('reduce'), { waiting: [], overview: [], dialog: [] })
})

test('on a telephone no place is wider than the screen', async () => {
  const long = 'a-name-that-somebody-who-likes-hyphens-thought-of-on-a-long-afternoon'
  const made = await server.call('POST', '/applications', { name: long, secret: {} })
  await server.call('POST', '/credentials', { name: `Ada Lovelace – ${long}`, access: 'read-users' })
  const id = await server.person('a.very.long.user.name.that.goes.on.and.on.for.ever.and.ever', { display_name: 'Hubert Blaine Wolfeschlegelsteinhausenbergerdorff' })
  await server.call('POST', '/groups', { name: long })
  await server.call('POST', '/populations', { name: long })
  await fetch(`${server.issuer}/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${made.client_id}:wrong`)}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) })
  const { page, context, open } = await administrator(server, chromium, { viewport: { width: 390, height: 844 } })
  const at = `/applications/${made.client_id}`
  const paths = ['/api-credentials', '/integration/global', '/integration/applications', '/integration/connections', '/applications', at, `${at}/credentials`, `${at}/access`, `${at}/use`, `${at}/usage`, `${at}/history`, `${at}/settings`]
  paths.push('/directory/users', `/directory/users/${id}`, ...['groups', 'populations', 'roles', 'invitations', 'attributes', 'imports'].map((part) => `/directory/${part}`))
  const wide = []
  for (const path of paths) {
    await open(path)
    const [width, room] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth])
    if (width > room || room > 390) wide.push(`${path} is ${width} wide in ${room}`)
  }
  assert.deepEqual(wide, [])
  assert.deepEqual(await unclean(page, 'light'), [])
  await open('/api-credentials')
  await page.getByRole('button', { name: 'New credential' }).first().click()
  const box = await page.getByRole('dialog').boundingBox()
  assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box))
  assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth))
  await context.close()
})

test('a session that somebody planted before the sign-in is not the one after it, and opens nothing of the person who signed in', async () => {
  const eveId = await server.person('eve')
  await server.call('PUT', `/users/${eveId}/password`, { password })
  const eve = await comeIn(server, chromium, 'eve', password)
  const hers = (await eve.context.cookies()).find(({ name }) => name === cookie).value
  const plant = (context, value) => context.addCookies([{ name: cookie, value, domain: new URL(server.issuer).hostname, path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }])
  /** Who a cookie is, in a browser that has nothing else. */
  const who = async (value) => {
    const context = await chromium.newContext()
    await plant(context, value)
    const page = await context.newPage()
    await page.goto(`${server.issuer}/signin`)
    const answer = await page.evaluate(async () => {
      const heard = await fetch('/api/v1/session', { headers: { 'x-counterfoil': 'console' } })
      return heard.ok ? (await heard.json()).user.user_name : heard.status
    })
    await context.close()
    return answer
  }
  assert.equal(await who(hers), 'eve', 'the cookie arrives, else this proves nothing')
  for (const [what, planted] of [['of nobody', 'cfs_planted'.padEnd(hers.length, 'x')], ['of the one who planted it', hers]]) {
    const victim = await chromium.newContext()
    await plant(victim, planted)
    const page = await victim.newPage()
    await page.goto(`${server.issuer}/signin?return_to=/console/`)
    if ((await page.locator('#login').count()) === 0) {
      // Signed in as somebody else: that is said, and left by signing out.
      await page.goto(`${server.issuer}/account`)
      assert.match(await page.locator('body').innerText(), /eve/)
      await Promise.all([page.waitForURL(/\/signin/), page.locator('#signout-button').click()])
    }
    await page.locator('#login').fill('ada')
    await page.locator('#password').fill(password)
    await page.locator('#signin-button').click()
    await page.waitForURL(/\/(console\/|account)/)
    const all = (await victim.cookies()).filter(({ name }) => name === cookie)
    assert.equal(all.length, 1, what)
    assert.notEqual(all[0].value, planted, what)
    assert.ok(all[0].httpOnly && all[0].secure)
    assert.equal(await who(all[0].value), 'ada', what)
    assert.notEqual(await who(planted), 'ada', what)
    await victim.close()
  }
  assert.equal(await who('cfs_planted'.padEnd(hers.length, 'x')), 401)
  // Signing out ends the session at the server, not only in the browser.
  const leaving = await comeIn(server, chromium, 'ada', password)
  const { value } = (await leaving.context.cookies()).find(({ name }) => name === cookie)
  assert.equal(await who(value), 'ada')
  await leaving.page.goto(`${server.issuer}/account`)
  await Promise.all([leaving.page.waitForURL(/\/signin/), leaving.page.locator('#signout-button').click()])
  assert.equal(await who(value), 401)
  await leaving.context.close()
  await eve.context.close()
  assert.deepEqual(visitor.strayed, [])
})
