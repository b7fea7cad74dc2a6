import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, flaws, house, visit, visitors } from './house.js'

let server, chromium

before(async () => {
  ;[server, chromium] = await Promise.all([house(), browser()])
})
after(async () => {
  await chromium?.close()
  await server?.stop()
})

// One page of each kind. Those with the widest tables and longest lines are only looked at for their width: axe takes seconds
// for each.
const pages = ['', 'connect', 'decisions/', 'decisions/0007-small-libraries', 'api/groups', 'no/such/page']
const long = ['glossary', 'permissions', 'cli', 'configuration', 'api/', 'api/applications']

test('the documentation can be read by everybody, in light and dark, wide and narrow, and loads nothing from elsewhere', async () => {
  for (const visitor of visitors) {
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { ...visitor, javaScriptEnabled: true })
    for (const path of [...pages, ...long]) {
      const what = `${path || 'contents'}, ${visitor.name}`
      await page.goto(`${server.issuer}/docs/${path}`)
      if (pages.includes(path)) assert.deepEqual(await flaws(page), [], what)
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth)
      assert.ok(wide <= visitor.viewport.width, `${what} is ${wide} wide`)
      const broken = await page.evaluate(() => [...document.images].filter((i) => !i.naturalWidth).map((i) => i.src))
      assert.deepEqual(broken, [], what)
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/docs-${what.replaceAll(/\W+/g, '-')}.png` })
    }
    assert.deepEqual([strayed, complaints], [[], []], visitor.name)
    await context.close()
  }
})

test('pages are reached by their links, without scripts, beside the segment of an environment, too', async () => {
  await server.call('POST', '/environments', { name: 'Inner', slug: 'inner' })
  for (const segment of ['', '/inner']) {
    const at = `${server.issuer}${segment}/docs/`
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { javaScriptEnabled: false })
    await page.goto(at.slice(0, -1))
    assert.equal(page.url(), at)
    await page.getByRole('navigation').getByRole('link', { name: 'Glossary' }).click()
    await page.waitForURL(`${at}glossary`)
    await page.getByRole('link', { name: 'API reference' }).click()
    await page.waitForURL(`${at}api/`)
    await page.getByRole('main').getByRole('link', { name: 'Create another secret for an application' }).click()
    await page.waitForURL(`${at}api/applications#create-secret`)
    assert.match(await page.locator('section[aria-labelledby="create-secret"]').innerText(), /Scope: credentials:write/)
    await page.getByRole('link', { name: 'Counterfoil', exact: true }).click()
    await page.waitForURL(at)
    assert.deepEqual([strayed, complaints], [[], []])
    await context.close()
  }
})
