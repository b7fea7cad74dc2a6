// What happened, as a file.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
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

test('nothing is wrong with it in light and dark', async () => {
  await spotless(visitor, ['/ledger?kind=application.'], (what, found) => assert.deepEqual(found, [], what))
})
