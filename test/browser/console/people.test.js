// What an administrator does for and to a person, on the screens; the person comes with a browser of their own and finds it so.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { visit } from '../house.js'
import { atConsole, comeIn, unclean } from './console.js'

const { server, chromium, visitor } = await atConsole()
const { page, open } = visitor
const password = 'copper lantern 4 quiet meadows'

const says = (text) => page.locator('#main').getByText(text).first().waitFor()
const asked = page.getByRole('alertdialog')
const dialog = page.getByRole('dialog')
const user = (id) => server.user(id)
const items = async (path) => (await server.call('GET', path)).items

/** Makes somebody with a password and opens their page. */
async function somebody(name) {
  const id = await server.person(name)
  await server.call('PUT', `/users/${id}/password`, { password })
  await open(`/directory/users/${id}`)
  return id
}

/** Where somebody comes to who signs in; the browser is closed again. */
async function arrives(name, word = password) {
  const { page, context } = await comeIn(server, chromium, name, word)
  const at = new URL(page.url()).pathname
  const refused = await page.locator('#person-problem').count()
  await context.close()
  return refused ? 'refused' : at
}

/** The code that an authenticator app shows now (RFC 6238), for a secret in Base32. */
function codeOf(secret) {
  const bits = [...secret.replaceAll(/[\s=]/g, '').toUpperCase()].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))).update(counter).digest()
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Says that what is shown once is stored, and closes it. */
async function stored() {
  await page.keyboard.press('Escape')
  await dialog.getByText('It is gone once this is closed').waitFor()
  await dialog.getByLabel('I have stored it').check()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.waitFor({ state: 'detached' })
}

test('somebody who is invited becomes a user with the link of the letter, and signs in; another whose invitation is withdrawn does not', async () => {
  await open('/directory/invitations')
  const invite = async (address) => {
    await page.getByRole('button', { name: 'Invite somebody' }).first().click()
    await dialog.getByLabel('Address').fill(address)
    await dialog.getByLabel('Given name').fill('Vera')
    if (address.startsWith('vera')) assert.deepEqual(await unclean(page, 'dark'), [])
    await dialog.getByRole('button', { name: 'Send invitation' }).click()
    await says(`${address} is invited.`)
    return (await server.mailed(address)).link
  }
  const link = await invite('vera@example.com')
  const dead = await invite('walt@example.com')
  await page.getByRole('button', { name: 'Actions for walt@example.com' }).click()
  await page.getByRole('menuitem', { name: 'Withdraw' }).click()
  await asked.getByRole('button', { name: 'Withdraw the invitation of walt@example.com' }).click()
  await says('The link that walt@example.com has is dead.')
  assert.deepEqual((await items('/invitations')).map(({ email, state }) => `${email} ${state}`).sort(), ['vera@example.com pending', 'walt@example.com withdrawn'])
  const guest = await visit(chromium, server.issuer, {})
  await guest.page.goto(dead)
  await guest.page.getByRole('heading', { name: 'This link does not work' }).waitFor()
  await guest.page.goto(link)
  await guest.page.locator('#password').fill(password)
  await guest.page.locator('#repeat').fill(password)
  await guest.page.keyboard.press('Enter')
  await guest.page.getByRole('heading', { name: 'Your account is active' }).waitFor()
  await guest.context.close()
  assert.equal(await arrives('vera@example.com'), '/account')
  await open('/directory/invitations')
  await page.getByRole('row').filter({ hasText: 'vera@example.com' }).getByText('Accepted').waitFor()
  assert.equal((await items('/invitations')).find(({ email }) => email.startsWith('vera')).state, 'accepted')
})

test('an authenticator app that was added is asked for at sign-in, its secret is shown once, and without it the password is enough again', async () => {
  const id = await somebody('theo')
  await page.getByRole('button', { name: 'Add factor' }).click()
  await dialog.getByLabel('Name').fill('Telephone')
  await dialog.getByRole('button', { name: 'Add factor' }).click()
  await dialog.getByRole('heading', { name: 'Authenticator app of theo' }).waitFor()
  assert.deepEqual(await unclean(page, 'light'), [])
  const secret = await dialog.locator('[data-secret]').first().innerText()
  assert.match(await dialog.locator('[data-secret]').nth(1).innerText(), new RegExp(`^otpauth://totp/.*secret=${secret}`))
  await stored()
  assert.ok(!(await page.content()).includes(secret), 'it is shown once')
  const row = page.getByRole('region', { name: 'Factors of theo' }).getByRole('row').filter({ hasText: 'Telephone' })
  await row.getByText('Waits for its first code').waitFor()
  assert.equal(await arrives('theo'), '/account', 'it counts from its first right code on')
  const [factor] = await items(`/users/${id}/factors`)
  await server.call('POST', `/users/${id}/factors/${factor.id}/confirm`, { code: codeOf(secret) })
  assert.equal(await arrives('theo'), '/signin/factor')
  await open(`/directory/users/${id}`)
  await row.getByText('Confirmed').waitFor()
  await page.getByRole('button', { name: 'Delete Telephone' }).click()
  assert.equal((await items(`/users/${id}/factors`)).length, 1, 'asking does nothing')
  await asked.getByRole('button', { name: 'Delete Telephone' }).click()
  await says('Telephone is deleted.')
  await page.getByText('Only the password.').waitFor()
  assert.deepEqual(await items(`/users/${id}/factors`), [])
  assert.equal(await arrives('theo'), '/account')
})

test('recovery codes are shown once, one opens once, and new ones void those from before', async () => {
  const id = await somebody('rosa')
  const make = async () => {
    await page.getByRole('button', { name: 'New recovery codes' }).click()
    await asked.getByRole('button', { name: 'Make new recovery codes for rosa' }).click()
    await dialog.getByRole('heading', { name: 'Recovery codes of rosa' }).waitFor()
    return dialog.locator('[data-secret]').allInnerTexts()
  }
  const first = await make()
  assert.equal(new Set(first).size, 10)
  assert.deepEqual(await unclean(page, 'dark'), [])
  await stored()
  const html = await page.content()
  assert.deepEqual(first.filter((code) => html.includes(code)), [], 'they are gone')
  const opens = async (code) => {
    const guest = await comeIn(server, chromium, 'rosa', password)
    await guest.page.waitForURL(/\/signin\/factor/)
    await guest.page.locator('#code').fill(code)
    await guest.page.locator('#factor-button').click()
    await guest.page.waitForURL(/\/account/).catch(() => 0)
    const came = guest.page.url().endsWith('/account')
    await guest.context.close()
    return came
  }
  assert.equal(await opens(first[0]), true)
  assert.equal((await items(`/users/${id}/factors`))[0].codes_left, 9)
  const second = await make()
  assert.deepEqual(second.filter((code) => first.includes(code)), [])
  await stored()
  const [{ id: codes, codes_left: left }] = await items(`/users/${id}/factors`)
  assert.equal(left, 10)
  assert.equal((await server.call('POST', `/users/${id}/factors/${codes}/verify`, { code: first[1] })).verdict, 'wrong')
  assert.equal(await opens(second[1]), true)
})

test('a temporary password must be changed at sign-in, one that is mended by mail opens, and one that is taken away opens nothing', async () => {
  const id = await somebody('paul')
  await page.getByRole('button', { name: 'Set password' }).click()
  const [weak, lent, own] = ['short', 'violet harbour 31 slow trains', 'amber kettle 77 north window']
  await dialog.getByLabel('New password').fill(weak)
  await dialog.getByRole('button', { name: 'Set password' }).click()
  await dialog.locator('[aria-invalid=true]').waitFor()
  assert.equal(await arrives('paul'), '/account', 'the one from before stays')
  await dialog.getByLabel('New password').fill(lent)
  assert.equal(await dialog.getByLabel('Temporary').isChecked(), true)
  assert.deepEqual(await unclean(page, 'light'), [])
  await dialog.getByRole('button', { name: 'Set password' }).click()
  await says('The password is set; sessions and links from before are dead.')
  await says('Temporary: a new one is asked for at sign-in')
  assert.equal((await user(id)).password_state, 'reset_required')
  assert.equal(await arrives('paul'), 'refused', 'the one from before is dead')
  assert.equal(await arrives('paul', lent), '/signin/change')
  await page.getByRole('button', { name: 'Send reset mail' }).click()
  await says('The link to choose a new password with is on its way.')
  const guest = await visit(chromium, server.issuer, {})
  await guest.page.goto((await server.mailed('paul@example.com')).link)
  await guest.page.locator('#password').fill(own)
  await guest.page.locator('#repeat').fill(own)
  await guest.page.keyboard.press('Enter')
  await guest.page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
  await guest.context.close()
  assert.equal(await arrives('paul', own), '/account')
  await open(`/directory/users/${id}`)
  await page.getByRole('button', { name: 'Take password away' }).click()
  assert.equal((await user(id)).password_state, 'set', 'asking does nothing')
  await asked.getByRole('button', { name: 'Take the password of paul away' }).click()
  await says('The password is gone, and sessions and links with it.')
  assert.equal((await user(id)).password_state, 'none')
  assert.equal(await arrives('paul', own), 'refused')
})

test('whoever is locked or suspended stays out until that is lifted', async () => {
  const id = await somebody('lena')
  for (const [stop, done, state, lift, lifted] of [
    ['Lock', 'lena is locked.', 'locked', 'Unlock', 'lena is unlocked'],
    ['Suspend', 'lena is suspended.', 'suspended', 'Activate', 'lena is active'],
  ]) {
    await page.getByRole('button', { name: `${stop} lena`, exact: true }).click()
    if (stop === 'Lock') assert.deepEqual(await unclean(page, 'dark'), [])
    await asked.getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await arrives('lena'), '/account', 'asking does nothing')
    await page.getByRole('button', { name: `${stop} lena`, exact: true }).click()
    await asked.getByRole('button', { name: `${stop} lena` }).click()
    await says(done)
    assert.equal((await user(id)).state, state)
    assert.equal(await arrives('lena'), 'refused')
    await page.getByRole('button', { name: `${lift} lena`, exact: true }).click()
    await says(lifted)
    assert.equal((await user(id)).state, 'active')
    assert.equal(await arrives('lena'), '/account')
  }
})

test('a role that is given opens the console to a person, and shuts it when it is taken away', async () => {
  const id = await somebody('rita')
  assert.equal(await arrives('rita'), '/account')
  await page.getByRole('button', { name: 'Assign role' }).click()
  await dialog.getByLabel('Role').selectOption('identity-data-read-only')
  assert.deepEqual(await unclean(page, 'light'), [])
  await dialog.getByRole('button', { name: 'Assign role' }).click()
  await says(/rita has the role/)
  assert.deepEqual((await items(`/users/${id}/roles`)).map(({ role, over }) => `${role} ${over}`), ['identity-data-read-only environment'])
  const rita = await comeIn(server, chromium, 'rita', password)
  await rita.page.waitForURL(/\/console\//)
  await rita.open('/directory/users')
  await rita.page.getByRole('link', { name: 'lena' }).waitFor()
  await page.getByRole('button', { name: /^Remove / }).click()
  await asked.getByRole('button', { name: /^Remove .* from rita$/ }).click()
  await says(/rita no longer has the role/)
  assert.deepEqual(await items(`/users/${id}/roles`), [])
  await rita.open('/directory/users')
  await rita.page.getByRole('alert').waitFor()
  assert.equal(await rita.page.getByText('lena').count(), 0)
  await rita.context.close()
})

test('who signed in lately is deleted only after their name is typed, and is gone with their sessions', async () => {
  const id = await somebody('dora')
  const dora = await comeIn(server, chromium, 'dora', password)
  await open(`/directory/users/${id}`)
  await page.getByRole('button', { name: 'Delete dora' }).click()
  const verb = asked.getByRole('button', { name: 'Delete dora' })
  assert.deepEqual(await unclean(page, 'dark'), [])
  assert.equal(await verb.isDisabled(), true)
  await asked.getByRole('textbox').fill('dor')
  assert.equal(await verb.isDisabled(), true)
  assert.equal((await user(id)).user_name, 'dora')
  await asked.getByRole('textbox').fill('dora')
  await verb.click()
  await page.waitForURL(/\/directory\/users$/)
  await page.getByRole('link', { name: 'lena' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'dora' }).count(), 0)
  await assert.rejects(user(id), /: 404 /)
  await dora.page.goto(`${server.issuer}/account`)
  assert.match(dora.page.url(), /\/signin/)
  await dora.context.close()
  assert.equal(await arrives('dora'), 'refused')
  await open(`/directory/users/${id}`)
  await page.getByRole('alert').getByText('there is no such user').waitFor()
  assert.deepEqual(visitor.strayed, [])
  assert.deepEqual(visitor.complaints.filter((text) => !/status of 4/.test(text)), [])
})
