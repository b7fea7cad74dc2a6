// The desk at which the tests of credentials sit.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { browser, house } from '../house.js'
import { administrator } from './console.js'

/** Has a server with an API and a browser, for the tests of one file; they go when the last one is over. */
export async function credentialHouse() {
  const [server, chromium] = await Promise.all([house(), browser()])
  after(async () => {
    await chromium.close()
    await server.stop()
  })
  await server.call('POST', '/apis', { name: 'invoices', audience: 'https://invoices.example', scopes: [{ name: 'invoices:read', description: 'Read invoices' }] })
  return {
    server,
    chromium,
    /** Opens the credentials of a new application, and remembers where every request went. */
    async desk(name) {
      const application = await server.call('POST', '/applications', { name, scopes: ['invoices:read'] })
      const visitor = await administrator(server, chromium, { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true })
      const asked = []
      visitor.context.on('request', (request) => asked.push(request.url()))
      const path = `/applications/${application.client_id}/credentials`
      await visitor.open('/applications')
      await visitor.page.getByRole('link', { name, exact: true }).click()
      await visitor.page.getByRole('link', { name: 'Credentials', exact: true }).click()
      await visitor.page.getByText('No credentials yet').waitFor()
      return { ...visitor, application, path, asked, id: application.client_id }
    },
    /** Asks for a token with a client ID and a secret. */
    token: (id, secret) =>
      fetch(`${server.issuer}/oauth2/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      }),
  }
}

/** Nothing went elsewhere and nothing was complained about. */
export async function leave({ context, strayed, complaints }) {
  await context.close()
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints, [])
}

/** Adds a secret with a description and returns it, with its dialog still open. */
export async function add(page, description) {
  await page.getByRole('button', { name: 'Add secret' }).first().click()
  await page.getByLabel('Description').fill(description)
  await page.getByRole('button', { name: 'Save' }).click()
  return page.locator('[data-secret]').innerText()
}

/** Says that what was shown once is stored. */
export async function done(page) {
  await page.getByLabel('I have stored it').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Chooses from the menu of a row. */
export const act = async (page, name, what) => {
  await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).first().click()
  await page.getByRole('menuitem', { name: what, exact: true }).click()
}
