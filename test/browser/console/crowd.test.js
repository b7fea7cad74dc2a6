// Lists with many rows: the server filters, orders and cuts, so that the first row comes as soon as it does of ten.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { atConsole } from './console.js'

// PEOPLE=1000000 tries the directory with a million; its import alone takes minutes (make bench-console).
const people = Number(process.env.PEOPLE ?? 10_000)
const atOnce = 20_000 // in a file
const bar = 300 // milliseconds
const allowance = process.env.PEOPLE ? 1 : 5 // other tests share the machine

const { server, visitor } = await atConsole()

/** Does something on the page that makes a new row with that text appear, and says how long the person waits for it. */
async function firstRow(what, text, act) {
  const { page } = visitor
  await page.evaluate((text) => {
    const rows = () => [...document.querySelectorAll('main tbody tr')].map((row) => row.textContent)
    const before = new Set(rows())
    window.waited = new Promise((resolve, reject) => {
      let began
      for (const event of ['click', 'input']) addEventListener(event, () => (began ??= performance.now()), { capture: true })
      const look = () => {
        if (began && rows().some((row) => row.includes(text) && !before.has(row))) resolve(performance.now() - began)
        else if (began && performance.now() - began > 10_000) reject(new Error(`no such row: ${text}`))
        else requestAnimationFrame(look)
      }
      look()
    })
  }, text)
  await act(page)
  const took = await page.evaluate(() => window.waited)
  console.log(`# ${what}: first row after ${Math.round(took)} ms`)
  assert.ok(took < bar * allowance, `${what}: ${took} ms`)
  assert.ok((await page.locator('main tbody tr').count()) <= 200, 'the server cuts')
}

test('ten thousand applications come as fast as ten, and are found as fast', async () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `application ${String(i).padStart(5, '0')}`)
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let name = names.pop(); name; name = names.pop()) await server.call('POST', '/applications', { name })
    }),
  )
  await visitor.open('/tokens/inspect')
  await firstRow('10,000 applications', 'application', (page) => page.locator('nav a[href$="/applications"]').click())
  await firstRow('one of 10,000 applications', 'application 07919', (page) => page.getByRole('searchbox').fill('application 0791'))
})

test('a directory full of people is walked through and searched as fast as a small one', async () => {
  for (let n = 0; n < people; n += atOnce) await server.run('import', 'users', await file(n, Math.min(n + atOnce, people)))
  await visitor.open('/tokens/inspect')
  await firstRow(`${people} people`, '@people.example', (page) => page.locator('nav a[href$="/directory"]').click())
  await firstRow('their next page', '@people.example', (page) => page.getByRole('button', { name: 'Show more' }).click())
  await firstRow('one of them, by the beginning of a family name', 'Family997', (page) => page.getByRole('searchbox').fill('family997'))
  await firstRow('one of them, by the beginning of an address', `Family${people - 1}`, (page) => page.getByRole('searchbox').fill(name(people - 1).slice(0, 9)))
})

const name = (n) => `p${String(n).padStart(7, '0')}@people.example`

async function file(from, to) {
  const path = join(server.data, '..', `people-${from}.csv`)
  const lines = Array.from({ length: to - from }, (_, i) => `${name(from + i)},${name(from + i)},Given${(from + i) % 997},Family${from + i},Engineer\n`)
  await writeFile(path, ['user_name,email,given_name,family_name,title\n', ...lines])
  return path
}
