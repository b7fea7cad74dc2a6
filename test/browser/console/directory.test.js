// People, groups and files of people, on the screens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { visit } from '../house.js'
import { atConsole, spotless } from './console.js'

const { server, chromium, visitor } = await atConsole()

const person = async (name) => (await server.call('GET', `/users?user_name=${name}`)).items[0]

test('a person is made, found, edited beside somebody else, and suspended', async () => {
  const { page, open } = visitor
  await open('/directory/users')
  await page.getByRole('button', { name: 'New user' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('User name').fill('anna')
  await form.getByLabel('Address').fill('anna@example.com')
  await form.getByLabel('Given name').fill('Anna')
  await form.getByRole('button', { name: 'Create user' }).click()
  await page.getByRole('heading', { name: 'Anna', level: 1 }).waitFor()
  const { id } = await person('anna')
  // By the whole address, which stands in the address of the page.
  await open('/directory/users')
  await page.getByRole('searchbox').fill('anna@example.com')
  await page.waitForURL(/search=anna/)
  await page.locator('tbody tr').filter({ hasText: 'anna@example.com' }).getByRole('link', { name: 'Anna' }).click()
  await page.getByRole('button', { name: 'Edit profile' }).click()
  await page.getByRole('textbox', { name: 'Title', exact: false }).fill('Captain')
  await server.call('PATCH', `/users/${id}`, { title: 'Mate' })
  await page.getByRole('button', { name: 'Save profile' }).click()
  await page.getByText('Somebody changed this meanwhile').waitFor()
  assert.equal((await person('anna')).title, 'Mate', 'nothing is written over')
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByText('The profile is saved.').first().waitFor()
  assert.equal((await person('anna')).title, 'Captain')
  await page.getByRole('button', { name: 'Suspend Anna' }).click()
  const asked = page.getByRole('alertdialog')
  assert.match(await asked.innerText(), /sessions and the links .* die for good/)
  assert.equal((await person('anna')).status, 'active', 'asking does nothing')
  await asked.getByRole('button', { name: 'Suspend Anna' }).click()
  await page.getByText('Anna is suspended.').first().waitFor()
  assert.equal((await person('anna')).status, 'suspended')
  await page.getByRole('button', { name: 'Activate Anna' }).click()
  await page.getByText('Anna is active').first().waitFor()
})

test('what the environment wants to know of people stands in their profile, with all their addresses and numbers', async () => {
  const { page, open } = visitor
  const { urn } = await server.call('POST', '/schemas', {
    name: 'staff',
    attributes: [
      { name: 'badge', type: 'string', mutability: 'immutable' },
      { name: 'level', type: 'integer' },
      { name: 'tags', type: 'string', multi_valued: true },
      { name: 'remote', type: 'boolean' },
      { name: 'desk', type: 'complex', sub_attributes: [{ name: 'floor', type: 'integer' }] },
    ],
  })
  const guests = await server.call('POST', '/populations', { name: 'Guests' })
  const id = await server.person('ida')
  await server.call('PATCH', `/users/${id}`, { phone_numbers: [{ value: '+49 30 1', type: 'work' }] })
  await open(`/directory/users/${id}`)
  await page.getByRole('button', { name: 'Edit profile' }).click()
  const field = (name) => page.getByLabel(name, { exact: false })
  await field('Further addresses').fill('ida@home.example\nida@club.example')
  await field('Phone numbers').fill('+49 30 1\n+49 30 2')
  await field('Population').selectOption('Guests')
  await field('badge (staff)').fill('007')
  await field('level (staff)').fill('high')
  await field('tags (staff)').fill('night\nweekend, too')
  await field('remote (staff)').selectOption('Yes')
  await field('desk (staff)').fill('{"floor": 3}')
  await page.getByRole('button', { name: 'Save profile' }).click()
  await page.getByRole('alert').getByText(/level/).first().waitFor()
  await field('level (staff)').fill('7')
  // The line that the form shows does the same.
  await page.getByText('Show as').first().click()
  const line = await page.locator('pre, code').filter({ hasText: 'counterfoil user edit' }).first().innerText()
  await page.getByRole('button', { name: 'Save profile' }).click()
  await page.getByText('The profile is saved.').first().waitFor()
  const saved = await person('ida')
  const told = ({ emails, phone_numbers, population_id, custom }) => ({ emails: emails.map(({ value }) => value), phone_numbers, population_id, custom })
  assert.deepEqual(told(saved), {
    emails: ['ida@example.com', 'ida@home.example', 'ida@club.example'],
    phone_numbers: [{ value: '+49 30 1', type: 'work' }, { value: '+49 30 2' }],
    population_id: guests.id,
    custom: { [urn]: { badge: '007', level: 7, tags: ['night', 'weekend, too'], remote: true, desk: { floor: 3 } } },
  })
  assert.match(line, /--email ida@example.com --email ida@home.example --email ida@club.example --phone '\+49 30 1' --phone '\+49 30 2'/)
  assert.match(line, /--attribute staff.level=7 --attribute staff.tags=night --attribute 'staff.tags=weekend, too'/)
  await page.getByRole('button', { name: 'Edit profile' }).click()
  assert.equal(await field('badge (staff)').count(), 0, 'what stays as it is cannot be edited')
})

test('a group gets a user and another group as members and loses them', async () => {
  const { page, open } = visitor
  await open('/directory/groups')
  await page.getByRole('button', { name: 'New group' }).first().click()
  await page.getByRole('dialog').getByLabel('Name').fill('crew')
  await page.getByRole('button', { name: 'Create group' }).click()
  await page.getByRole('heading', { name: 'crew', level: 1 }).waitFor()
  await page.getByLabel('User name, address').fill('nobody')
  await page.getByRole('button', { name: 'Add member' }).click()
  await page.getByText('Nobody has the user name').waitFor()
  await page.getByLabel('User name, address').fill('anna')
  await page.getByRole('button', { name: 'Add member' }).click()
  await page.getByText('anna is in the group.').first().waitFor()
  await server.call('POST', '/groups', { name: 'stokers' })
  await page.getByLabel('User name, address').fill('stokers')
  await page.getByRole('button', { name: 'Add member' }).click()
  await page.getByText('stokers is in the group.').first().waitFor()
  const { id } = (await server.call('GET', '/groups?name=crew')).items[0]
  assert.equal((await server.call('GET', `/groups/${id}/members`)).items.map((one) => one.kind).sort().join(), 'group,user')
  for (const name of ['anna', 'stokers']) {
    await page.getByRole('button', { name: `Remove ${name}`, exact: false }).click()
    await page.getByText(`${name} is no longer in the group.`).first().waitFor()
  }
  assert.equal((await server.call('GET', `/groups/${id}/members`)).items.length, 0)
})

test('a file is tried, imported, and its wrong lines are told', async () => {
  const { page, open } = visitor
  await open('/directory/imports')
  const buffer = Buffer.from('user_name,email,given_name,title\r\nbert,bert@example.com,Bert,"Cook, second"\r\n,nobody@example.com,Nobody,\r\n')
  await page.getByLabel('File').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer })
  await page.getByRole('button', { name: 'Try file' }).click()
  await page.getByText('Nothing was done yet. The file would give: 1 created, 0 changed, 0 unchanged, 1 rejected.').first().waitFor()
  assert.equal(await person('bert'), undefined)
  await page.getByRole('button', { name: 'Import file' }).click()
  await page.getByText('The import is finished: 1 created').first().waitFor()
  const bert = await person('bert')
  assert.equal(bert.title, 'Cook, second')
  assert.equal(bert.emails[0].value, 'bert@example.com')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download all 1 rejects' }).click()])
  assert.equal(file.suggestedFilename(), 'people.csv.rejects.csv')
})

test('a schema gets an attribute more and keeps what its lines do not say', async () => {
  const { page, open } = visitor
  const { id } = await server.call('POST', '/schemas', { name: 'fleet', attributes: [{ name: 'size', type: 'string', canonical_values: ['S', 'M'] }, { name: 'fax', type: 'string' }] })
  await open('/directory/attributes')
  await page.getByRole('button', { name: 'Edit fleet' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Description').fill("The drivers' own")
  await form.getByLabel('Attributes').fill('size:string, filterable\nplate:string,many')
  await form.getByText('Show as CLI, curl or Go').click()
  assert.match(await form.locator('pre').first().innerText(), /schema edit fleet --description 'The drivers'\\'' own' --attribute size:string,filterable --attribute plate:string,many --remove fax$/)
  await form.getByRole('tab', { name: 'Go' }).click()
  assert.match(await form.locator('pre').first().innerText(), /\{SchemaPart: client\.SchemaPart\{Name: "size", Type: "string", CanonicalValues: \[\]string\{"S", "M"\}\}, Filterable: true\}/)
  await form.getByRole('button', { name: 'Save schema' }).click()
  await page.locator('#main').getByText('Schema fleet is saved.').waitFor()
  const { attributes } = await server.call('GET', `/schemas/${id}`)
  assert.deepEqual(attributes.map((one) => [one.name, one.canonical_values?.length ?? 0, one.filterable ?? false]), [['size', 2, true], ['plate', 0, false]])
  await server.call('DELETE', `/schemas/${id}`)
})

test('an administrator ends one session of a person, then all, and the browsers are signed out', async () => {
  const id = await server.person('iris')
  const password = 'copper lantern 4 quiet meadows'
  await server.call('PUT', `/users/${id}/password`, { password })
  const signIn = async (userAgent) => {
    const { page, context } = await visit(chromium, server.issuer, { userAgent })
    await page.goto(`${server.issuer}/signin`)
    await page.locator('#login').fill('iris')
    await page.locator('#password').fill(password)
    await page.locator('#signin-button').click()
    await page.waitForURL(/\/account/)
    return { context, in: async () => !(await page.goto(`${server.issuer}/account`)).url().includes('/signin') }
  }
  const lost = await signIn('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')
  const kept = await signIn('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1')
  const { page, open } = visitor
  await open(`/directory/users/${id}`)
  const rows = page.getByRole('region', { name: 'Sessions of iris' }).locator('tbody tr')
  assert.equal(await rows.count(), 2)
  await rows.filter({ hasText: 'Safari on iPhone' }).waitFor()
  await page.getByRole('button', { name: 'End the session in Firefox on Linux' }).click()
  const asked = page.getByRole('alertdialog')
  assert.equal(await lost.in(), true, 'asking does nothing')
  await asked.getByRole('button', { name: 'End session' }).click()
  await page.locator('#main').getByText('The session is ended.').waitFor()
  assert.deepEqual([await lost.in(), await kept.in()], [false, true])
  await rows.filter({ hasText: 'Firefox' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'End all sessions of iris' }).click()
  await asked.getByRole('button', { name: 'End all sessions' }).click()
  await page.getByText('Signed in nowhere.').waitFor()
  assert.equal(await kept.in(), false)
  await Promise.all([lost, kept].map(({ context }) => context.close()))
})

test('the screens are clean in light and dark', async () => {
  const [{ id }, ada] = [await person('anna'), await person('ada')]
  const group = (await server.call('GET', '/groups?name=crew')).items[0].id
  const places = ['users', `users/${id}`, `users/${ada.id}`, 'groups', `groups/${group}`, 'populations', 'roles', 'invitations', 'attributes', 'imports']
  await spotless(visitor, places.map((place) => `/directory/${place}`), (what, flaws) => assert.deepEqual(flaws, [], what))
  assert.deepEqual(visitor.strayed, [])
  assert.deepEqual(visitor.complaints.filter((c) => !/status of 4/.test(c)), [])
})
