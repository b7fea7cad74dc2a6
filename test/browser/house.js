// A server with people in it, and a browser that notes whatever it should not have done.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { start } from '../clients/server.js'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const patience = Number(process.env.PATIENCE ?? 30_000)

/** Starts a server, with further arguments, and gives it what a test of pages needs. It must be stopped. */
export async function house(...further) {
  const server = await start(...further)
  const saved = JSON.parse(await readFile(join(server.data, '..', 'config', 'counterfoil', 'contexts.json'), 'utf8'))
  const { client_id: id, client_secret: secret } = Object.values(saved.contexts ?? saved.saved ?? saved)[0]
  const token = async () => {
    const answer = await fetch(`${server.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    return (await answer.json()).access_token
  }
  const bearer = await token()
  const call = async (method, path, body) => {
    const answer = await fetch(`${server.issuer}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  return Object.assign(server, {
    /** The first administrator's application. */
    client: { id, secret },
    /** Calls the management API as the administrator. */
    call,
    /** Makes a user with an address and returns its id. */
    async person(name, more) {
      return (await call('POST', '/users', { user_name: name, emails: [{ value: `${name}@example.com` }], ...more })).id
    },
    /** Returns a user. */
    user: (id) => call('GET', `/users/${id}`),
    /** Has a user mailed. */
    send: (id, verb) => call('POST', `/users/${id}/${verb}`),
    /** Waits for a mail to that address with a link, and returns the link of the newest and the number of its mail. */
    async mailed(to) {
      for (const deadline = Date.now() + patience; Date.now() < deadline; await setTimeout(50)) {
        for (const { number } of (await call('GET', '/mailbox')).items.filter((m) => m.to === to)) {
          const link = /https?:\/\/\S+\/(activate|reset)\/\S+/.exec((await call('GET', `/mailbox/${number}`)).body)?.[0]
          if (link) return { link, number }
        }
      }
      throw new Error(`no mail to ${to}`)
    },
  })
}

/** Opens Debian's Chromium. It must be closed. */
export const browser = () => chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium' })

/** The browsers that people come with. */
export const visitors = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 }, javaScriptEnabled: true },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 }, javaScriptEnabled: true },
  { name: 'a telephone', colorScheme: 'light', viewport: { width: 390, height: 844 }, javaScriptEnabled: true },
]

/** Opens a page whose requests and complaints are noted; both lists must stay empty. */
export async function visit(chromium, origin, settings, ...also) {
  const context = await chromium.newContext({ locale: 'en-GB', ...settings, name: undefined })
  const strayed = []
  const complaints = []
  context.on('request', (request) => {
    const known = [origin, ...also].some((o) => request.url().startsWith(`${o}/`))
    if (!known && request.url() !== 'about:srcdoc') strayed.push(request.url())
  })
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  page.on('console', (message) => {
    // What the browser says of an answer that is no 2xx is no complaint.
    if (/error|warning/.test(message.type()) && !/status of (403|404|409|410|412|422|429)/.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { context, page, strayed, complaints }
}

/** Returns what axe finds wrong with a page, in lines that can be read. It comes in beside the page's policy. */
export async function flaws(page) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  )
  return violations.map((v) => `${v.id}: ${v.help} – ${v.nodes.map((n) => n.html).join(' ')}`)
}
