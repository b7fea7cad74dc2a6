// What is around every screen: who gets in, what the page may do, and how it behaves on a bad night.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { visit } from '../house.js'
import { administrator, atConsole, settled, spotless } from './console.js'

let { server, chromium, visitor } = await atConsole()

test('nobody gets in without signing in, and comes back to the same place afterwards', async () => {
  const { context, page, strayed } = await visit(chromium, server.issuer, {})
  await page.goto(`${server.issuer}/console/ledger?kind=user.`)
  await page.waitForURL(/\/signin\?return_to=%2Fconsole%2Fledger%3Fkind%3Duser\./)
  await page.locator('#login').fill('ada')
  await page.locator('#password').fill('granite otter velvet 9 harbour')
  await page.locator('#signin-button').click()
  await page.waitForURL(`${server.issuer}/console/ledger?kind=user.`)
  await settled(page)
  // The session is ended elsewhere: the next thing that is asked for leads to the form, and back.
  const mine = (await server.call('GET', '/users?user_name=ada')).items[0].id
  await server.call('POST', `/users/${mine}/logout`)
  await page.getByLabel('What').selectOption('application.')
  await page.waitForURL(/\/signin\?return_to=%2Fconsole%2Fledger/)
  assert.deepEqual(strayed, [])
  await context.close()
  // The one who looks on is sent out with it, and comes in again.
  visitor = await administrator(server, chromium)
})

test('the page runs nothing inline, is framed by nobody, and speaks to its own origin only', async () => {
  const answer = await fetch(`${server.issuer}/console/applications`)
  const policy = answer.headers.get('content-security-policy')
  assert.doesNotMatch(policy, /unsafe|\*|http/)
  assert.match(policy, /default-src 'none'.*connect-src 'self'.*frame-ancestors 'none'/)
  assert.equal(answer.headers.get('x-frame-options'), 'DENY')
  const { page, open } = visitor
  await open('/')
  const ran = await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.ran = true'
    document.body.append(script)
    const style = document.createElement('p')
    style.innerHTML = '<img src=x onerror="window.ran = true">'
    document.body.append(style)
    return window.ran === true
  })
  assert.equal(ran, false)
  // Another site frames it: the browser shows nothing of it.
  const { page: foreign, context } = await visit(chromium, 'http://127.0.0.1:1', {}, server.issuer)
  await foreign.setContent(`<iframe src="${server.issuer}/console/"></iframe>`)
  await foreign.waitForTimeout(300)
  assert.equal(await foreign.frames().at(-1).locator('main').count(), 0)
  await context.close()
  visitor.complaints.length = 0 // the browser has said of each what it kept it from
})

test('a proof that has grown old is asked for again in a window, and what was typed stays', async () => {
  const { context, page, open } = visitor
  await open('/api-credentials')
  let stale = true
  // As the server answers five minutes later; the proof itself is a real one.
  await page.route('**/api/v1/credentials', (route) =>
    stale && route.request().method() === 'POST'
      ? route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ status: 403, code: 'step_up_required', detail: 'prove again who you are' }) })
      : route.continue(),
  )
  await page.getByRole('button', { name: 'New credential' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('typed before the proof')
  await page.getByRole('button', { name: 'Save' }).click()
  const [window_] = await Promise.all([context.waitForEvent('page'), page.locator('#prove').click()])
  await window_.locator('#password').fill('granite otter velvet 9 harbour')
  stale = false
  await window_.locator('button[type=submit]').first().click()
  await page.getByRole('dialog', { name: 'API credential typed before the proof' }).waitFor()
  await page.unroute('**/api/v1/credentials')
  await page.getByLabel('I have stored it').check()
  await page.getByRole('button', { name: 'Done' }).click()
})

test('what others change shows without a reload', async () => {
  const { page, open } = visitor
  await open('/api-credentials')
  await page.getByText('Live', { exact: true }).waitFor()
  await server.call('POST', '/credentials', { name: 'made by somebody else', access: 'read-all' })
  await page.getByText('made by somebody else').waitFor()
})

test('many tabs share one stream, and another reads on when the one that did is closed', async () => {
  const { page: first, context } = await administrator(server, chromium)
  let streams = 0
  context.on('request', (request) => request.url().includes('/ledger/stream') && streams++)
  await first.getByText('Live', { exact: true }).waitFor()
  const tabs = []
  for (let i = 0; i < 8; i++) { // a browser has six connections to a server that speaks HTTP/1.1
    const page = await context.newPage()
    await page.goto(`${server.issuer}/console/api-credentials`)
    await page.getByText('Live', { exact: true }).waitFor()
    tabs.push(page)
  }
  assert.ok(streams <= 1, `${streams} streams: the first tab reads for all`)
  await first.close()
  const before = streams
  await server.call('POST', '/credentials', { name: 'heard in the last tab', access: 'read-all' }) // also what happens before the next one reads
  await tabs[7].getByText('heard in the last tab').waitFor()
  assert.equal(streams, before + 1)
  await context.close()
})

test('a console at which nobody sits asks for nothing by itself, and goes on when somebody moves', async () => {
  const { page, context, open } = await administrator(server, chromium)
  const made = await server.call('POST', '/applications', { name: 'locked for long', secret: {} })
  await server.call('POST', `/applications/${made.client_id}/lock`, { minutes: 600 })
  await page.clock.install()
  await open(`/applications/${made.client_id}/settings`) // a lock is asked for again every 15 seconds
  let asked = 0
  context.on('request', (request) => request.url().includes('/api/v1/') && asked++)
  const pass = async (minutes) => {
    const before = asked
    for (let i = 0; i < minutes * 4; i++) {
      await page.clock.runFor(15_000)
      await page.evaluate(() => 0)
    }
    return asked - before
  }
  assert.ok((await pass(3)) >= 3, 'it asks while somebody may be there')
  await pass(3)
  await server.call('POST', '/applications', { name: 'made meanwhile' })
  assert.equal(await pass(20), 0)
  await page.mouse.move(300, 300)
  assert.ok((await pass(1)) >= 1, 'somebody came back')
  await context.close()
})

test('the palette finds things by what is pasted, and a secret goes into no address', async () => {
  const { page, open } = visitor
  const made = await server.call('POST', '/applications', { name: 'payroll sync', secret: {} })
  const asked = []
  page.on('request', (r) => asked.push(r.url()))
  await open('/')
  const find = async (text) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search' }).fill(text)
  }
  await find(made.client_id)
  await page.getByRole('option', { name: /payroll sync/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(`/applications/${made.client_id}`))
  await find(made.secret.secret)
  await page.getByText('That is a whole secret').waitFor()
  await page.getByRole('option', { name: /^Secret cfs_/ }).click()
  await page.waitForURL(new RegExp(`/applications/${made.client_id}/credentials`))
  assert.deepEqual(asked.filter((url) => url.includes(made.secret.secret.slice(0, 16))), [])
})

test('a filter takes no secret into the address, and a line to copy runs nothing that somebody wrote into a name', async () => {
  const { page, open } = visitor
  await open('/api-credentials')
  await page.getByRole('searchbox').fill('cfs_pasted-where-it-should-not-be')
  await page.getByText('That looks like a secret').waitFor()
  await page.waitForTimeout(500) // longer than a filter waits for the next key
  assert.ok(!page.url().includes('cfs_'))
  await page.getByRole('searchbox').fill('')
  await page.getByRole('button', { name: 'New credential' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill("$(touch /tmp/x) `id` it's")
  await page.getByText('Show as CLI').click()
  assert.match(await page.getByRole('tabpanel').innerText(), /credential create '\$\(touch \/tmp\/x\) `id` it'\\''s'/)
  await open(`/applications?${new URLSearchParams({ new: '$(touch /tmp/x)', new_description: '`id`' })}`)
  await page.getByRole('dialog').getByText('Show as CLI').click()
  assert.match(await page.getByRole('dialog').getByRole('tabpanel').innerText(), /app create '\$\(touch \/tmp\/x\)' --kind service --description '`id`'/)
  await page.keyboard.press('Escape')
})

test('keys lead everywhere, and the colours are there before the first paint', async () => {
  const { page, open } = visitor
  await open('/')
  for (const [key, path] of [['a', '/applications'], ['l', '/ledger'], ['h', '/hygiene'], ['s', '/settings']]) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.waitForURL(new RegExp(`/console${path}`))
  }
  await page.getByRole('button', { name: /Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Dark colours' }).click()
  await page.reload()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await page.evaluate(() => localStorage.removeItem('theme'))
})

test('the first screen is small enough for a slow line, and comes over one', async () => {
  const { context, page } = await visit(chromium, server.issuer, { storageState: await visitor.context.storageState() })
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  // What Lighthouse calls slow 3G, in bytes a second.
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 })
  // What Lighthouse looks at: the largest picture or text, what moves under the reader's eyes, and how long the page is deaf.
  await page.addInitScript(() => {
    globalThis.seen = { largest: 0, shift: 0, blocked: 0 }
    const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true })
    watch('largest-contentful-paint', (one) => (globalThis.seen.largest = one.startTime))
    watch('layout-shift', (one) => (globalThis.seen.shift += one.hadRecentInput ? 0 : one.value))
    watch('longtask', (one) => (globalThis.seen.blocked += one.duration - 50))
  })
  let size = 0
  page.on('response', async (answer) => {
    if (/\.(js|css|svg)$/.test(answer.url())) size += gzipSync(await answer.body().catch(() => Buffer.alloc(0)), { level: 9 }).length
  })
  const began = Date.now()
  await page.goto(`${server.issuer}/console/`)
  await page.locator('main h1').waitFor()
  const heading = Date.now() - began
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  await settled(page)
  const { largest, shift, blocked } = await page.evaluate(() => globalThis.seen)
  const figures = [`first paint after ${Math.round(paint)} ms`, `heading after ${heading} ms`, `largest after ${Math.round(largest)} ms`, `blocked for ${Math.round(blocked)} ms`, `layout shift ${shift.toFixed(3)}`]
  console.log(`# first screen: ${size} bytes compressed; over slow 3G ${figures.join(', ')}`)
  assert.ok(size > 50_000 && size <= 260_000, `${size} bytes`)
  assert.ok(shift <= 0.1, `the page moves under the reader's eyes: ${shift}`)
  await context.close()
})

test('every place is clean in light and dark and fits a telephone', async () => {
  const paths = ['/', '/ledger', '/hygiene', '/tokens/inspect', '/tokens/keys', '/settings/environment', '/settings/policies', '/settings/apis', '/settings/authorities', '/settings/mail', '/settings/environments', '/nothing/here']
  await spotless(visitor, paths, (what, flaws) => assert.deepEqual(flaws, [], what))
  await visitor.page.setViewportSize({ width: 390, height: 844 })
  for (const path of paths) {
    await visitor.open(path)
    const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(wide <= 390, `${path} is ${wide} px wide`)
  }
  await visitor.page.setViewportSize({ width: 1280, height: 900 })
  assert.deepEqual(visitor.strayed, [])
})
