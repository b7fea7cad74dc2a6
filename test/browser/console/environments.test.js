// Environments on the screens: the way from one to another and back, and what is said of a new one.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dirname } from 'node:path'
import { flaws } from '../house.js'
import { atConsole, settled } from './console.js'

const { server, visitor } = await atConsole()
const password = 'granite otter velvet 9 harbour'

/** Makes an environment with an administrator who is a person, and returns its issuer. */
async function environment(slug, person) {
  const { admin } = await server.call('POST', '/environments', { name: slug, slug })
  const issuer = `${server.issuer}/${slug}`
  const said = async (method, path, authorization, type, body) => {
    const answer = await fetch(issuer + path, { method, headers: { authorization, 'content-type': type }, body })
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
    return answer.json()
  }
  const basic = `Basic ${btoa(`${admin.client_id}:${admin.client_secret}`)}`
  const { access_token: token } = await said('POST', '/oauth2/token', basic, 'application/x-www-form-urlencoded', 'grant_type=client_credentials')
  const call = (method, path, body) => said(method, `/api/v1${path}`, `Bearer ${token}`, 'application/json', JSON.stringify(body))
  const { id } = await call('POST', '/users', { user_name: person })
  await call('PUT', `/users/${id}/password`, { password })
  await call('POST', `/users/${id}/roles`, { role: 'environment-admin', over: 'environment' })
  return issuer
}

const switcher = () => visitor.page.getByRole('button', { name: /^Environment .*: change$/ })

test('whoever went to another environment comes back, and goes nowhere else', async () => {
  const { page, open } = visitor
  const acme = await environment('acme', 'grace')
  await environment('globex', 'gus')
  await open('/applications')
  await switcher().click()
  assert.deepEqual((await page.getByRole('menuitem').allInnerTexts()).map((text) => text.trim().split(/\s/)[0]), ['acme', 'globex'])
  await page.getByRole('menuitem', { name: 'acme' }).click()
  await page.locator('#login').fill('grace')
  await page.locator('#password').fill(password)
  await page.locator('#signin-button').click()
  await page.waitForURL(`${acme}/console/`)
  await settled(page)
  await switcher().click()
  const back = page.getByRole('menuitem')
  assert.deepEqual((await back.allInnerTexts()).map((text) => text.trim()), ['Default'], 'not the third, in which nobody is signed in')
  await back.click()
  await page.waitForURL(`${server.issuer}/console/`)
  await settled(page)
  await page.getByRole('button', { name: 'Environment Default: change' }).waitFor()
  // Signed out of one, there is no way to it from the other.
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/signin\?out/)
  await page.goto(`${acme}/console/`)
  await settled(page)
  await page.getByRole('banner').getByText('acme', { exact: true }).waitFor()
  assert.equal(await switcher().count(), 0)
  await page.goto(`${server.issuer}/signin?return_to=/console/`)
  await page.locator('#login').fill('ada')
  await page.locator('#password').fill(password)
  await page.locator('#signin-button').click()
  await page.waitForURL(`${server.issuer}/console/`)
})

/** Runs the command that a form shows, as a shell reads it. */
const typed = (line) =>
  JSON.parse(
    execFileSync('sh', ['-c', line.replace(/^counterfoil (environment \w+)/, 'counterfoil $1 -o json')], {
      env: {
        PATH: `${fileURLToPath(new URL('../../../bin', import.meta.url))}:${process.env.PATH}`,
        HOME: dirname(server.data),
        XDG_CONFIG_HOME: `${dirname(server.data)}/config`,
      },
    }),
  )

/** What a form shows of itself in each way. */
const shownAs = async (form) => {
  if ((await form.locator('details[open]').count()) === 0) await form.getByText('Show as CLI, curl or Go').click()
  const lines = {}
  for (const way of ['CLI', 'curl', 'Go']) {
    await form.getByRole('tab', { name: way, exact: true }).click()
    lines[way] = await form.getByRole('tabpanel', { name: way, exact: true }).locator('pre').innerText()
  }
  return lines
}

const bodyOf = (curl) => JSON.parse(/-d '([\s\S]*)'$/.exec(curl)[1].replaceAll(`'\\''`, `'`))

/** Lines as one. */
const flat = (text) => text.replaceAll(/\s+/g, ' ')

test('a new environment lives in the region that is chosen, and is made by the lines that the form shows just as well', async () => {
  const { page, open } = visitor
  await open('/settings/environments')
  await page.getByRole('button', { name: 'New environment' }).click()
  const dialog = page.getByRole('dialog')
  const region = dialog.getByLabel('Region')
  await region.locator('option').nth(6).waitFor({ state: 'attached' })
  assert.deepEqual(await region.locator('option').allInnerTexts(), ['Wherever this server is', 'AP (asia)', 'AU (com.au)', 'CA (ca)', 'EU (eu)', 'NA (com)', 'SG (sg)'])
  // Nothing is said of what is not chosen.
  await dialog.getByLabel('Name', { exact: true }).fill('plain')
  let lines = await shownAs(dialog)
  assert.deepEqual(bodyOf(lines.curl), { name: 'plain' })
  assert.deepEqual([lines.CLI, flat(lines.Go)], ['counterfoil environment create plain', 'made, err := c.CreateEnvironment(ctx, client.NewEnvironment{ Name: "plain", })'])
  // A name that a shell, or the command line, could read as something else.
  const name = `--Sydney's "$(id)"`
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Short name in addresses').fill('sydney')
  await region.selectOption('AU')
  assert.deepEqual(await flaws(page), [])
  lines = await shownAs(dialog)
  await dialog.getByRole('button', { name: 'Create environment' }).click()
  assert.deepEqual(bodyOf(lines.curl), { name, slug: 'sydney', region: 'AU' })
  assert.equal(flat(lines.Go), `made, err := c.CreateEnvironment(ctx, client.NewEnvironment{ Name: ${JSON.stringify(name)}, Slug: "sydney", Region: "AU", })`)
  await page.getByRole('heading', { name: `Administrator of ${name}` }).waitFor()
  await page.getByLabel('I have stored it').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('row').filter({ hasText: 'sydney' }).getByText('AU', { exact: true }).waitFor()
  const one = await server.call('GET', '/environments/sydney')
  assert.deepEqual([one.name, one.region, one.top_level_domain], [name, 'AU', 'com.au'])
  const twin = typed(lines.CLI.replace('--slug sydney', '--slug twin'))
  assert.deepEqual([twin.name, twin.slug, twin.region, twin.top_level_domain], [name, 'twin', 'AU', 'com.au'])
})

test('the properties say the top-level domain of the region, and where there is none, that', async () => {
  const { page, open } = visitor
  await open('/settings')
  const fact = (name) => page.getByRole('term').filter({ hasText: name }).locator('xpath=following-sibling::dd[1]')
  assert.equal(await fact('Region').innerText(), 'Not set: it lives wherever this server is')
  assert.equal(await fact('Top-level domain').innerText(), 'None: neither the environment nor this server has a region')
  const say = (environment) =>
    page.route('**/api/v1/session', async (route) => {
      const answer = await route.fetch()
      const body = await answer.json()
      await route.fulfill({ response: answer, json: { ...body, environment: { ...body.environment, ...environment } } })
    })
  for (const [environment, want] of [
    [{ region: 'AU', top_level_domain: 'com.au' }, /^com\.au\s+Copy$/],
    [{ top_level_domain: 'eu' }, /^eu\s+Copy\s+That of this server, as the environment has no region of its own\.$/],
    [{ region: 'XX' }, /^Not known: XX is not among the regions of this server$/],
  ]) {
    await say(environment)
    await open('/settings')
    assert.match((await fact('Top-level domain').innerText()).trim(), want)
    assert.deepEqual(await flaws(page), [])
    await page.unroute('**/api/v1/session')
  }
  await open('/settings')
  await page.getByLabel('Name').fill(`It's -- "home"`)
  const lines = await shownAs(page.locator('form').filter({ hasText: 'Save name' }))
  await page.getByRole('button', { name: 'Save name' }).click()
  assert.deepEqual(bodyOf(lines.curl), { name: `It's -- "home"` })
  assert.match(flat(lines.Go), /client\.EnvironmentChange\{ Name: client\.Set\("It's -- \\"home\\""\), \}\)$/)
  await page.getByRole('banner').getByText(`It's -- "home"`).waitFor()
  const { id } = (await server.call('GET', '/environments')).items.find((one) => one.is_default)
  await server.run('environment', 'edit', id, '--name', 'Default')
  assert.equal(typed(lines.CLI).name, `It's -- "home"`)
  assert.deepEqual(visitor.strayed, [])
})
