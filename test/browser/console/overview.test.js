// What needs an administrator now, and what is done about it.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { atConsole } from './console.js'

const { server, visitor } = await atConsole()

test('the first screen says how the installation fares, what ends soon and who is locked, and leads there', async () => {
  const { page, open } = visitor
  const made = await server.call('POST', '/applications', { name: '=billing, "B"', secret: { expires_at: new Date(Date.now() + 5 * 86_400_000).toISOString() } })
  await server.call('POST', `/applications/${made.client_id}/lock`, { minutes: 30 })
  await open('/')
  await page.getByRole('link', { name: 'Applications 1 credential expires within 30 days' }).waitFor()
  const health = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Health' }) })
  await health.getByText('The server runs with --dev', { exact: false }).waitFor()
  await health.getByText(/^\d of \d checks are well$/).click()
  await health.getByText('sqlite takes writes').waitFor()
  await page.getByText(/1 credential ends within 90 days, 1 within a week/).first().waitFor()
  const strip = page.locator('section').filter({ has: page.getByRole('heading', { name: /What expires/ }) })
  await strip.getByText('As a table').click()
  const [file] = await Promise.all([page.waitForEvent('download'), strip.getByRole('button', { name: 'Download CSV' }).click()])
  assert.equal(file.suggestedFilename(), 'credentials-by-their-end.csv')
  const [head, row] = (await readFile(await file.path(), 'utf8')).split('\r\n')
  assert.equal(head, 'application,client_id,kind,description,expires_at')
  assert.ok(row.startsWith(`"'=billing, ""B""",${made.client_id},secret,`), row)
  await page.getByRole('link', { name: /^Locked clients\s*1/ }).click()
  await page.waitForURL(/\/applications\?locked=/)
  assert.equal(await page.getByLabel('Lock', { exact: true }).inputValue(), 'yes')
  await page.getByRole('row').filter({ hasText: 'billing' }).waitFor()
  await server.call('POST', `/applications/${made.client_id}/unlock`)
})

test('uses are drawn by outcome and per second, with a table and a file of the same numbers', async () => {
  const { page, open } = visitor
  const hour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString()
  await page.route('**/api/v1/usage?*', async (route) => {
    const answer = await route.fetch()
    const body = { ...(await answer.json()), items: [{ hour, outcomes: { uses: 7200, refused: 1800, failed: 60 } }] } // more than a test can make
    await route.fulfill({ response: answer, json: body })
  })
  await open('/')
  await page.getByRole('button', { name: '24 hours' }).click()
  const rates = page.locator('figure').filter({ hasText: 'Tokens and calls per second' })
  await rates.getByRole('img', { name: 'Tokens and calls per second: 0.083 uses, 0.021 refused' }).waitFor()
  await rates.getByText('As a table').click()
  assert.deepEqual(await rates.locator('tbody td').allInnerTexts(), ['2', '0.5'])
  await page.getByRole('img', { name: 'Uses of credentials by outcome: 7,200 uses, 1,800 refused, 60 failed' }).waitFor()
  await page.unroute('**/api/v1/usage?*')
})

test('what hygiene finds is chosen and disabled together, and taken away as a file', async () => {
  const { page, open } = visitor
  for (const name of ['endless', 'immortal']) await server.call('POST', '/applications', { name, secret: {} })
  await open('/hygiene')
  for (const name of ['endless', 'immortal']) await page.getByLabel(`Choose ${name}, Never expires`).check()
  await page.route('**/api/v1/hygiene?limit=200', (route) => route.fulfill({ status: 503 }))
  await page.getByRole('button', { name: 'Download CSV' }).click()
  await page.getByRole('alert').getByText('The list could not be fetched').waitFor()
  await page.unroute('**/api/v1/hygiene?limit=200')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()])
  assert.equal(file.suggestedFilename(), 'hygiene.csv')
  await page.getByRole('button', { name: 'Disable 2 chosen' }).click()
  await page.getByRole('alertdialog').getByText('endless: Never expires').waitFor()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable 2 credentials' }).click()
  await page.locator('#main').getByText('2 disabled.').waitFor()
  await page.getByLabel('Choose endless, Never expires').waitFor({ state: 'detached' })
  const found = (await server.call('GET', '/hygiene')).items.filter((one) => one.problem === 'never_expires').map((one) => one.application)
  assert.ok(!found.includes('endless') && !found.includes('immortal'))
})

test('each step of setting up leads to where it is done', async () => {
  const { page, open } = visitor
  const steps = ['Encrypted connections', 'A second administrator', 'An address for notices', 'A webhook']
  const setup = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Set-up' }) })
  const link = (name) => setup.getByRole('link', { name: new RegExp(`^${name}`) })
  await open('/')
  await link(steps[0]).waitFor()
  assert.equal(await setup.getByRole('listitem').count(), await setup.getByRole('listitem').getByRole('link').count())
  for (const name of ['Encrypted connections', 'A copy of the root key', 'A mail server']) {
    const [path, part] = (await link(name).getAttribute('href')).split('#')
    const document = await (await fetch(new URL(path, server.issuer))).text()
    assert.ok(document.includes(`id="${part}"`), `${path} has ${part}`)
  }
  await link('A second administrator').click()
  await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
  await open('/')
  await link('An address for notices').click()
  await page.getByRole('heading', { name: 'Notices' }).waitFor()
  await open('/')
  await link('A webhook').click()
  await page.getByRole('dialog', { name: 'New webhook' }).waitFor()
  // What is done leads there, too, and begins nothing.
  await open('/')
  await setup.getByRole('listitem').filter({ hasText: 'A first application' }).getByLabel('Done').waitFor()
  await link('A first application').click()
  await page.waitForURL('**/console/applications')
  await page.getByRole('heading', { level: 1, name: 'Applications' }).waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0)
})

test('what all screens know of the overview is asked for once a load, and only the overview keeps it true', async () => {
  const { page, open } = visitor
  let asked = 0
  const count = (request) => request.url().endsWith('/api/v1/overview') && asked++
  page.on('request', count)
  const due = (days) => server.call('POST', '/applications', { name: `due in ${days}`, secret: { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() } })
  const hint = page.getByRole('navigation', { name: 'Places' }).getByText(/^\d+ credentials? expires? within 30 days$/)
  await due(20)
  for (const path of ['/', '/connect/connections', '/tokens/inspect']) {
    asked = 0
    await open(path)
    await hint.waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    assert.equal(asked, 1, path)
  }
  const before = Number.parseInt(await hint.innerText(), 10)
  await due(21)
  await page.waitForTimeout(2_500) // a change is on the screen a second after it was made
  assert.equal(asked, 1, 'the hint is not asked for at each change')
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('link', { name: new RegExp(`^Expire within 30 days\\s*${before + 1}$`) }).waitFor()
  assert.equal(Number.parseInt(await hint.innerText(), 10), before + 1, 'it says the same as the overview')
  await due(22)
  await page.getByRole('link', { name: new RegExp(`^Expire within 30 days\\s*${before + 2}$`) }).waitFor()
  page.off('request', count)
})

test('of very many ends the strip says that it has the first, and the file has all', async () => {
  const { page, open } = visitor
  const many = 210
  await Promise.all(
    Array.from({ length: many / 15 }, async (_, i) => {
      const expires_at = new Date(Date.now() + (31 + i) * 86_400_000).toISOString()
      const { client_id: id } = await server.call('POST', '/applications', { name: `many ${i}` })
      for (let n = 0; n < 15; n++) await server.call('POST', `/applications/${id}/secrets`, { description: `end ${i}-${n}`, expires_at })
    }),
  )
  await open('/')
  const strip = page.locator('section').filter({ has: page.getByRole('heading', { name: /What expires/ }) })
  await strip.getByRole('img', { name: /^More than 200 credentials end within 90 days, \d+ within a week$/ }).waitFor()
  await strip.getByText(/^Here are the first 200, up to/).waitFor()
  assert.match(await strip.getByTitle(/or more$/).getAttribute('title'), /: \d+ or more$/)
  assert.ok((await strip.getByTitle(/: not counted$/).count()) > 20, 'days of which nothing is known are not drawn as empty')
  await strip.getByText('As a table').click()
  const [file] = await Promise.all([page.waitForEvent('download'), strip.getByRole('button', { name: 'Download CSV' }).click()])
  const rows = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n').slice(1)
  let all = []
  for (let cursor = ''; cursor !== undefined; ) {
    const { items, next } = await server.call('GET', `/expiries?days=90&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    all = all.concat(items)
    cursor = next
  }
  assert.ok(all.length >= many)
  assert.equal(rows.length, all.length)
  assert.equal(rows.filter((row) => /,end \d+-\d+,/.test(row)).length, many)
  // The soonest lead to the credential itself, and the rest to the list of all.
  await strip.getByRole('table').last().getByRole('link').first().click()
  await page.waitForURL(`**/credentials?open=${all[0].credential_id}`)
  await page.getByRole('dialog', { name: /^Secret/ }).waitFor()
  await page.goBack()
  await strip.getByRole('link', { name: /^the applications with a credential/ }).click()
  await page.waitForURL('**/applications?expiring=90d')
  assert.equal(await page.getByLabel('Expiry', { exact: true }).inputValue(), '90d')
})

test('a refusal is explained step by step, with the command that says the same', async () => {
  const { page, open } = visitor
  const { client_id: id } = await server.call('POST', '/applications', { name: 'reader', scopes: ['applications:read'], secret: { description: 'laptop' } })
  await open(`/applications/${id}/access`)
  const section = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Why, or why not?' }) })
  await section.getByLabel('Path').fill('/users')
  await section.getByRole('button', { name: 'Explain' }).click()
  await section.getByText('It is refused').waitFor()
  await section.getByRole('listitem').filter({ hasText: 'does not include users:read' }).getByLabel('Ends here').waitFor()
  await section.getByLabel('Path').fill('/applications')
  await section.getByText('Show as CLI, curl or Go').click()
  assert.match(await section.locator('pre').first().innerText(), /access explain \S+ GET \/applications$/)
  await section.getByRole('button', { name: 'Explain' }).click()
  await section.getByText('It is allowed').waitFor()
})
