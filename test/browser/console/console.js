// An administrator at the console.
import { after } from 'node:test'
import { browser, flaws, house, visit } from '../house.js'

const password = 'granite otter velvet 9 harbour'
const asked = new WeakMap()

/** Has a server, a browser and an administrator at the console for the tests of one file; they go when the last one is over. */
export async function atConsole() {
  const [server, chromium] = await Promise.all([house('--listen', 'localhost:0'), browser()])
  after(async () => {
    await chromium.close()
    await server.stop()
  })
  return { server, chromium, visitor: await administrator(server, chromium) }
}

/**
 * Opens the console as an administrator: the first one, who is made by the set-up link when a server is asked for the first time.
 * settings are those of a browser. Returns what visit returns, with `open(path)` to go to a screen and wait until it is there.
 */
export async function administrator(server, chromium, settings = {}) {
  const visitor = await visit(chromium, server.issuer, { viewport: { width: 1280, height: 900 }, ...settings })
  const { page } = visitor
  if (!asked.has(server)) {
    asked.set(server, true)
    await page.goto(/http\S+\/setup\/\S+/.exec(server.shown())[0])
    await page.locator('#login').fill('ada')
    await page.locator('#password').fill(password)
    await page.locator('#repeat').fill(password)
    await page.locator('#setup-button').click()
    await page.waitForURL(/\/(account|console\/)/)
  } else {
    await page.goto(`${server.issuer}/signin?return_to=/console/`)
    await page.locator('#login').fill('ada')
    await page.locator('#password').fill(password)
    await page.locator('#signin-button').click()
    await page.waitForURL(/\/console\//)
  }
  const open = async (path) => {
    await page.goto(`${server.issuer}/console${path}`)
    await settled(page)
  }
  await open('/')
  return Object.assign(visitor, { open })
}

/** Waits until a screen has its heading and nothing on it is being fetched. */
export async function settled(page) {
  await page.locator('main h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('main .animate-pulse'))
}

/** Looks at screens in light and in dark; nothing may be wrong with any of them. */
export async function spotless(visitor, paths, report) {
  for (const path of paths) {
    await visitor.open(path)
    for (const theme of ['light', 'dark']) {
      await visitor.page.evaluate((t) => (document.documentElement.dataset.theme = t), theme)
      report(`${path} in ${theme}`, await flaws(visitor.page))
    }
  }
}

/**
 * Signs a person in, in a browser of its own. Returns what visit returns, with `open(path)` to go to a screen of the console and
 * wait until it is there; where the person has come to, the address says.
 */
export async function comeIn(server, chromium, name, word, settings = {}) {
  const visitor = await visit(chromium, server.issuer, { viewport: { width: 1280, height: 900 }, ...settings })
  const { page } = visitor
  await page.goto(`${server.issuer}/signin`)
  await page.locator('#login').fill(name)
  await page.locator('#password').fill(word)
  await Promise.all([page.waitForResponse((answer) => answer.request().method() === 'POST'), page.locator('#signin-button').click()])
  await page.waitForLoadState()
  const open = async (path) => {
    await page.goto(`${server.issuer}/console${path}`)
    await settled(page)
  }
  return Object.assign(visitor, { open })
}

/** Says what is wrong with what is on the screen now, in light or in dark. */
export async function unclean(page, theme) {
  await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme)
  return flaws(page)
}
