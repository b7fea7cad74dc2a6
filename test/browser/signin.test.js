import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, flaws, house, visit, visitors } from './house.js'

const good = 'granite otter velvet 9 harbour'
let server, chromium

before(async () => {
  // Browsers make passkeys for names, and localhost is the only one that needs no TLS.
  ;[server, chromium] = await Promise.all([house('--listen', 'localhost:0'), browser()])
})
after(async () => {
  await chromium?.close()
  await server?.stop()
})

/** Gives a page an authenticator that knows its owner by a finger. */
async function authenticator(context, page) {
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { knows: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }) }
}

/** Types a name and a password, and sends them. */
async function signIn(page, name, password = good) {
  await page.locator('#login').fill(name)
  await page.locator('#password').fill(password)
  await page.locator('#signin-button').click()
}

const account = () => `${server.issuer}/account`

test('the first administrator is made by the link, and signs in with a passkey alone, as factor and again', async () => {
  const link = /http\S+\/setup\/\S+/.exec(server.shown())[0]
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, {})
  const finger = await authenticator(context, page)
  await page.goto(link)
  assert.deepEqual(await flaws(page), [])
  await page.locator('#login').fill('ada')
  await page.locator('#password').fill(good)
  await page.locator('#repeat').fill(good)
  await page.locator('#setup-button').click()
  await page.waitForURL(`${server.issuer}/console/`) // who may administer comes to where that is done
  await page.goto(account())
  assert.equal(await page.locator('#console-link').getAttribute('href'), 'console/')
  // A passkey is added.
  await page.locator('#passkey-name').fill('Laptop')
  await page.locator('#passkey-button').click()
  await page.waitForURL(`${account()}?done`)
  assert.match(await page.locator('#factors').innerText(), /Laptop/)
  const out = () => Promise.all([page.waitForURL(/\/signin\?out/), page.locator('#signout-button').click()])
  await out()
  // It is enough alone, without a name.
  await page.goto(`${server.issuer}/signin?return_to=/account`)
  await page.locator('#passkey-button').click()
  await page.waitForURL(account())
  await out()
  // It is the factor after the password.
  await signIn(page, 'ada')
  await page.waitForURL(`${server.issuer}/signin/factor`)
  assert.deepEqual(await flaws(page), [])
  await page.locator('#passkey-button').click()
  await page.waitForURL(`${server.issuer}/console/`)
  // It proves again who one is, and the console's call goes through.
  await page.goto(`${server.issuer}/signin/step-up?return_to=/account`)
  assert.deepEqual(await flaws(page), [])
  await page.locator('#passkey-button').click()
  await page.waitForURL(account())
  const calls = await page.evaluate(async () => {
    const headers = { 'x-counterfoil': 'console', 'content-type': 'application/json' }
    const made = await fetch('/api/v1/applications', { method: 'POST', headers, body: '{"name":"from a browser"}' })
    const bare = await fetch('/api/v1/applications')
    return [made.status, bare.status]
  })
  assert.deepEqual(calls, [201, 401])
  await out()
  // One that does not know its owner is no key by itself.
  await finger.knows(false)
  await page.goto(`${server.issuer}/signin`)
  await page.locator('#passkey-button').click()
  await page.locator('#passkey-form .problem').waitFor()
  assert.equal(new URL(page.url()).pathname, '/signin')
  assert.deepEqual(strayed, [])
  assert.deepEqual(complaints.filter((text) => !/status of 401/.test(text)), [])
  await context.close()
})

for (const javaScriptEnabled of [true, false]) {
  test(`people sign in with the keyboard alone, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    const name = `bob-${javaScriptEnabled}`
    const id = await server.person(name)
    await server.call('PUT', `/users/${id}/password`, { password: good })
    const { codes } = await server.call('POST', `/users/${id}/recovery-codes`)
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { javaScriptEnabled })
    await page.goto(account())
    await page.waitForURL(`${server.issuer}/signin`)
    assert.equal(await page.locator('input:focus').getAttribute('id'), 'login')
    assert.equal(await page.locator('#passkey-form').isVisible(), javaScriptEnabled)
    await page.keyboard.type(name)
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.locator('#person-problem').waitFor()
    assert.match(await page.title(), /^Error: /)
    assert.equal(await page.locator('input:focus').getAttribute('id'), 'password')
    assert.equal(await page.locator('#login').inputValue(), name)
    await page.keyboard.type(good)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${server.issuer}/signin/factor`)
    assert.equal(await page.locator('input:focus').getAttribute('id'), 'code')
    await page.keyboard.type(codes[0])
    await page.keyboard.press('Enter')
    await page.waitForURL(account())
    await page.reload()
    assert.equal(await page.locator('h1').innerText(), 'Your account')
    assert.deepEqual([strayed, complaints], [[], []])
    await context.close()
  })
}

test('the account can be read by everybody, in light and dark, wide and narrow', async () => {
  const id = await server.person('grace', { preferred_language: 'de' })
  await server.call('PUT', `/users/${id}/password`, { password: good })
  for (const visitor of visitors) {
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, visitor)
    const check = async (what) => {
      assert.deepEqual(await flaws(page), [], `${what}, ${visitor.name}`)
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth)
      assert.ok(wide <= visitor.viewport.width, `${what} is ${wide} wide, ${visitor.name}`)
    }
    await page.goto(`${server.issuer}/signin`)
    await check('the form')
    await signIn(page, 'grace', 'wrong')
    await page.locator('#person-problem').waitFor()
    await check('a refusal')
    await signIn(page, 'grace')
    await page.waitForURL(account())
    await check('the account')
    await page.locator('#app-button').click()
    await page.locator('#qr').waitFor()
    await check('an app')
    await page.goto(account())
    await page.goto(`${server.issuer}/signin/change`)
    await check('a new password')
    assert.deepEqual([strayed, complaints], [[], []])
    await context.close()
  }
})
