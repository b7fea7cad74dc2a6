// What happened, as a file.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { flaws } from '../house.js'
import { atConsole, spotless } from './console.js'

const { server, visitor } = await atConsole()

const button = (page) => page.getByRole('button', { name: 'Export' })

test('the events that the filters leave are taken as a file with its end, after a fresh proof', async () => {
  const { page, context, open, strayed } = visitor
  for (const name of ['one', 'two', 'three']) await server.call('POST', '/applications', { name })
  await open('/ledger?kind=application.')
  let stale = true // as the server answers five minutes later; the proof itself is a real one
  await page.route('**/api/v1/ledger/export*', (route) =>
    stale
      ? route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ status: 403, code: 'step_up_required', detail: 'prove again who you are' }) })
      : route.continue(),
  )
  await button(page).click()
  const [window_] = await Promise.all([context.waitForEvent('page'), page.locator('#prove').click()])
  stale = false
  await window_.locator('#password').fill('granite otter velvet 9 harbour')
  const [file] = await Promise.all([page.waitForEvent('download'), window_.locator('form button[type=submit]').first().click()])
  assert.equal(file.suggestedFilename(), 'ledger.ndjson')
  const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line))
  const { end } = lines.pop()
  assert.equal(end.count, lines.length)
  assert.ok(lines.length >= 3 && lines.every(({ kind }) => kind.startsWith('application.')))
  const [note] = (await server.call('GET', '/ledger/events?kind=ledger.exported')).items
  assert.equal(note.actor.kind, 'user')
  assert.equal(end.head.number, note.number - 1)
  await page.unroute('**/api/v1/ledger/export*')
  assert.deepEqual(strayed, [])
})

test('a file that was cut off on the way is not saved', async () => {
  const { page, open } = visitor
  await open('/ledger')
  for (const body of ['{"number":1}\n{"number":2}\n', '{"number":1}\n{"end":{"count":2}}\n', '{"number":1}\n{"broken":{"detail":"this node is leaving"}}\n', '']) {
    await page.route('**/api/v1/ledger/export*', (route) => route.fulfill({ contentType: 'application/x-ndjson', body }))
    let saved = false
    page.once('download', () => (saved = true))
    await button(page).click()
    await page.getByText(/The export broke off after \d lines.*nothing was saved/).waitFor()
    if (body.includes('leaving')) await page.getByText('this node is leaving').waitFor()
    assert.equal(saved, false)
    await page.unroute('**/api/v1/ledger/export*')
    page.removeAllListeners('download')
    await open('/ledger')
  }
})

test('the ledger is verified, narrowed by what the address says, and shows what an event changed', async () => {
  const { page, open } = visitor
  const { client_id: id } = await server.call('POST', '/applications', { name: 'ledgered', description: 'before' })
  await server.call('PATCH', `/applications/${id}`, { description: 'after' })
  await open(`/ledger?subject=${id}`)
  const changed = page.getByRole('row').filter({ hasText: 'application changed' })
  await changed.locator('summary').click()
  await changed.getByText('before').first().waitFor()
  await changed.getByText('after').first().waitFor()
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByRole('dialog').getByText('The ledger is whole').waitFor()
  const seen = Number(/([\d,]+) events fit together/.exec(await page.getByRole('dialog').innerText())[1].replaceAll(',', ''))
  const [newest] = (await server.call('GET', '/ledger/events?order=desc&limit=1')).items
  assert.ok(seen >= newest.number - 1, `${seen} of ${newest.number}`)
})

test('the ledger is narrowed to what one did, in the address, in the list and in the file', async () => {
  const { page, open } = visitor
  const ada = (await server.call('GET', '/users?user_name=ada')).items[0].id
  await server.call('POST', '/applications', { name: 'made by the command line' })
  await open('/ledger?kind=application.')
  const who = page.getByRole('searchbox', { name: 'Filter by the id of who did it' })
  await who.fill(ada)
  await page.waitForURL(`**/ledger?kind=application.&actor=${ada}`)
  await page.getByText('No event fits these filters.').waitFor()
  await page.getByLabel('What').selectOption('')
  await page.getByRole('row').nth(1).waitFor()
  const rows = page.locator('tbody tr')
  const ids = async () => [...new Set(await rows.locator('td:nth-child(4) code').allInnerTexts())]
  assert.deepEqual(await ids(), [ada])
  // Nobody types ids: a row leads there, too, and the way back leads out again.
  await open('/ledger?kind=application.')
  const [last] = (await server.call('GET', '/ledger/events?kind=application.&order=desc&limit=1')).items
  await page.getByRole('button', { name: `Only theirs: ${last.actor.kind} ${last.actor.id}` }).first().click()
  await page.waitForURL(`**/ledger?kind=application.&actor=${last.actor.id}`)
  assert.equal(await who.inputValue(), last.actor.id)
  const [file] = await Promise.all([page.waitForEvent('download'), button(page).click()])
  const events = (await readFile(await file.path(), 'utf8')).trimEnd().split('\n').slice(0, -1).map((line) => JSON.parse(line))
  assert.ok(events.length > 0 && events.every((event) => event.actor.id === last.actor.id && event.kind.startsWith('application.')))
  await page.goBack()
  await page.waitForURL((url) => !url.searchParams.has('actor'))
  assert.equal(await who.inputValue(), '')
})

test('the history of a credential is taken as a file of what it shows', async () => {
  const { page, open } = visitor
  const { client_id: id, secret } = await server.call('POST', '/applications', { name: 'storied', secret: { description: 'with a past' } })
  for (const verb of ['disable', 'enable']) await server.call('POST', `/applications/${id}/secrets/${secret.id}/${verb}`)
  await server.call('POST', `/applications/${id}/secrets`, { description: 'another' })
  await open(`/applications/${id}/credentials?open=${secret.id}`)
  const dialog = page.getByRole('dialog', { name: 'Secret with a past' })
  await dialog.getByRole('tab', { name: 'History' }).click()
  const shown = dialog.getByRole('table', { name: 'What happened to with a past' })
  await shown.getByRole('row').nth(3).waitFor()
  assert.deepEqual(await flaws(page), [])
  const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Export' }).click()])
  const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line))
  const { end } = lines.pop()
  const numbers = (await shown.locator('tbody td:last-child').allInnerTexts()).map(Number)
  assert.deepEqual(lines.map(({ number }) => number), numbers.reverse())
  assert.equal(end.count, lines.length)
  assert.ok(lines.every(({ subject }) => subject.id.endsWith(secret.id)))
})

test('nothing is wrong with it in light and dark', async () => {
  await spotless(visitor, ['/ledger?kind=application.'], (what, found) => assert.deepEqual(found, [], what))
})
