import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, flaws, house, visit, visitors } from './house.js'

const good = 'granite otter velvet 9 harbour'
let server, chromium

before(async () => {
  ;[server, chromium] = await Promise.all([house(), browser()])
})
after(async () => {
  await chromium?.close()
  await server?.stop()
})

/** Waits until a page has put the focus where it wants it, which is after it was loaded, and returns the field's id. */
const focused = (page) => page.locator('input:focus').getAttribute('id')

/** Types into the field that has the focus, and goes to the next. */
async function type(page, text) {
  await focused(page)
  await page.keyboard.type(text)
  await page.keyboard.press('Tab')
}

/** Types a password twice and sends the form. */
async function choose(page, password, repeated = password) {
  await type(page, password)
  await page.keyboard.type(repeated)
  await page.keyboard.press('Enter')
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts'

  test(`an account is activated with the keyboard alone, ${how}`, async () => {
    const name = `ada-${javaScriptEnabled}`
    const id = await server.person(name, { status: 'staged' })
    await server.send(id, 'send-activation')
    const { link } = await server.mailed(`${name}@example.com`)
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { javaScriptEnabled })
    await page.goto(link)
    assert.equal(await focused(page), 'password')
    assert.equal(await page.getByLabel('User name').inputValue(), name)
    assert.match(await page.locator('#rules').innerText(), /at least 12 characters/)
    // A password that is refused: the field says why, has the focus, and the link goes on working.
    await choose(page, 'password1234')
    await page.locator('#password-problem').waitFor()
    assert.equal(await focused(page), 'password')
    assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true')
    assert.match(await page.locator('#password').getAttribute('aria-describedby'), /password-problem/)
    assert.match(await page.locator('#password-problem').innerText(), /too easy to guess/)
    assert.match(await page.title(), /^Error: /)
    assert.equal(await page.locator('#password').inputValue(), '')
    // Two that differ.
    await choose(page, good, 'something else')
    await page.locator('#repeat-problem').waitFor()
    assert.equal(await focused(page), 'password')
    await type(page, good)
    await type(page, good)
    await page.keyboard.press('Space') // the button
    await page.waitForURL(`${server.issuer}/activate/done?lang=en`)
    assert.equal(await page.locator('h1').innerText(), 'Your account is active')
    assert.equal((await server.user(id)).status, 'active')
    // Going back and forth sends nothing again.
    await page.reload()
    await page.goto(link)
    assert.equal(await page.locator('h1').innerText(), 'This link does not work')
    assert.deepEqual([strayed, complaints], [[], []])
    await context.close()
  })

  test(`a lost password is replaced with the keyboard alone, ${how}`, async () => {
    const name = `bob-${javaScriptEnabled}`
    await server.person(name, { preferred_language: 'en' })
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, { javaScriptEnabled })
    await page.goto(`${server.issuer}/forgot`)
    assert.equal(await focused(page), 'login')
    await page.keyboard.type(`${name}@example.com`)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${server.issuer}/forgot/sent?lang=en`)
    const { number } = await server.mailed(`${name}@example.com`)
    // The mailbox page shows the mail; its link is followed from there.
    await page.goto(`${server.issuer}/mailbox`)
    await page.locator(`a[href="mailbox/${number}"]`).focus()
    await page.keyboard.press('Enter')
    await page.locator('pre a').focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/reset\/cfu_/)
    await choose(page, good)
    await page.waitForURL(`${server.issuer}/reset/done?lang=en`)
    assert.equal(await page.locator('h1').innerText(), 'Your password is changed')
    assert.deepEqual([strayed, complaints], [[], []])
    await context.close()
  })
}

/** Every page in every state, by name. */
async function everything() {
  const staged = await server.person('grace', { status: 'staged', display_name: 'Grace Hopper' })
  await server.send(staged, 'send-activation')
  const active = await server.person('edsger')
  await server.send(active, 'send-reset')
  const activation = await server.mailed('grace@example.com')
  const reset = await server.mailed('edsger@example.com')
  const open = (url) => (page) => page.goto(url)
  return {
    activation: open(activation.link),
    'a reset': open(reset.link),
    'a password that is refused': async (page) => {
      await page.goto(activation.link)
      await choose(page, 'short')
      await page.locator('#password-problem').waitFor()
    },
    'two passwords that differ': async (page) => {
      await page.goto(reset.link)
      await choose(page, 'one', 'another')
      await page.locator('#repeat-problem').waitFor()
    },
    'the end of an activation': open(`${server.issuer}/activate/done`),
    'the end of a reset': open(`${server.issuer}/reset/done`),
    'a link that leads nowhere': open(`${server.issuer}/reset/cfu_nowhere`),
    'asking for a link': open(`${server.issuer}/forgot`),
    'a mail on its way': open(`${server.issuer}/forgot/sent`),
    'in German': open(`${server.issuer}/forgot?lang=de`),
    mailbox: open(`${server.issuer}/mailbox`),
    'a mail': open(`${server.issuer}/mailbox/${activation.number}`),
  }
}

test('every page can be read by everybody, in light and dark, wide and narrow, and loads nothing', async () => {
  const pages = await everything()
  for (const visitor of visitors) {
    const { context, page, strayed, complaints } = await visit(chromium, server.issuer, visitor)
    for (const [name, show] of Object.entries(pages)) {
      await show(page)
      const what = `${name}, ${visitor.name}`
      assert.deepEqual(await flaws(page), [], what)
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth)
      assert.ok(wide <= visitor.viewport.width, `${what} is ${wide} wide`)
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${what.replaceAll(/\W+/g, '-')}.png`, fullPage: true })
    }
    assert.deepEqual([strayed, complaints], [[], []], visitor.name)
    await context.close()
  }
})

test('a mail is shown in a frame in which its link can be followed and nothing else happens', async () => {
  const id = await server.person('alan', { status: 'staged', display_name: '<script>document.title="run"</script>' })
  await server.send(id, 'send-activation')
  const { link, number } = await server.mailed('alan@example.com')
  const { context, page, strayed, complaints } = await visit(chromium, server.issuer, {})
  await page.goto(`${server.issuer}/mailbox/${number}`)
  const button = page.frameLocator('iframe').getByRole('link', { name: 'Activate the account' })
  const [opened] = await Promise.all([context.waitForEvent('page'), button.click()])
  await opened.waitForLoadState()
  assert.equal(opened.url(), link)
  assert.equal(await page.title(), 'Activate your account for 127.0.0.1')
  assert.equal(await page.evaluate(() => document.querySelector('iframe').contentDocument), null) // an origin of its own
  assert.deepEqual([strayed, complaints], [[], []])
  await context.close()
})
