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
    const body = { ...(await answer.json()), items: [{ hour, outcomes: { uses: 7200, refused: 1800 } }] } // more than a test can make
    await route.fulfill({ response: answer, json: body })
  })
  await open('/')
  await page.getByRole('button', { name: '24 hours' }).click()
  const rates = page.locator('figure').filter({ hasText: 'Tokens and calls per second' })
  await rates.getByRole('img', { name: 'Tokens and calls per second: 0.083 uses, 0.021 refused' }).waitFor()
  await rates.getByText('As a table').click()
  assert.deepEqual(await rates.locator('tbody td').allInnerTexts(), ['2', '0.5'])
  await page.getByRole('img', { name: 'Uses of credentials by outcome: 7,200 uses, 1,800 refused' }).waitFor()
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
