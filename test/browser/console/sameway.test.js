// Every form shows what it sends, for the command line, for curl and for Go. Here all four are sent, and compared.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { atConsole } from './console.js'
import { leave } from './credentialhouse.js'
import { notary, same, shown, typed } from './sameway.js'

const { server, visitor } = await atConsole()
const { page, open } = visitor
const notes = await notary(server)
after(() => notes.stop())

const made = {}
const hex = 'f3a9d1c07be24685b9d0e7c1a2f4836590dbe1c7a4f28e6305b9c1d7e8f2a640'
const calls = []

before(async () => {
  const { call } = server
  await call('POST', '/apis', { name: 'invoices', audience: 'https://invoices.example', scopes: [{ name: 'invoices:read', description: 'Read invoices' }, { name: 'invoices:write' }] })
  made.app = await call('POST', '/applications', { name: 'billing', scopes: ['invoices:read', 'invoices:write'] })
  made.porter = await call('POST', '/applications', { name: 'porter', kind: 'worker' })
  made.secret = await call('POST', `/applications/${made.app.client_id}/secrets`, { description: 'first', networks: ['192.0.2.0/24'] })
  made.crew = await call('POST', '/populations', { name: 'crew' })
  made.staff = await call('POST', '/groups', { name: 'staff', description: 'Everybody' })
  made.user = await call('POST', '/users', { user_name: 'bob', emails: [{ value: 'bob@example.com' }], name: { given_name: 'Bob' }, title: 'Clerk' })
  made.role = await call('POST', '/roles', { name: 'Reader', description: 'Reads', scopes: ['users:read'] })
  await call('POST', '/schemas', { name: 'vehicle', attributes: [{ name: 'plate', type: 'string', filterable: true }] })
  made.hook = await call('POST', '/webhooks', { url: `${server.issuer}/hook` })
  await call('PATCH', '/policy', { chosen_secrets: true, viewable_secrets: true })
  for (const provider of ['pingone', 'onelogin']) made[provider] = await call('POST', '/connect/connectors', { provider, title: provider })
  made.connection = await call('POST', '/connect/connections', { connector: 'onelogin', check: false, values: { client_id: hex, client_secret: hex, subdomain: 'acme' }, tags: { plan: 'gold' }, end_user: { id: '4711' } })
  made.key = await call('POST', '/integration-credentials', { kind: 'connection', name: 'partners' })
  made.pem = (await call('POST', `/applications/${made.app.client_id}/certificates`, { generate: true, description: 'machine' })).certificate
  for (const [name, text] of Object.entries({ 'secret.txt': '…', 'password.txt': '…', secret: '…', 'client.pem': made.pem, 'ca.pem': made.pem })) await notes.file(name, text)
})

/** Fills fields by their labels, whatever they are. */
async function fill(within, values) {
  for (const [label, value] of Object.entries(values)) {
    const field = within.getByLabel(new RegExp(`^${label.replace(/[.?*()]/g, '\\$&')}\\s*(\\(optional\\))?$`)).first()
    const kind = await field.evaluate((node) => (node.tagName === 'SELECT' ? 'select' : (node.getAttribute('type') ?? node.getAttribute('role') ?? 'text')))
    if (kind === 'select') await field.selectOption(value)
    else if (kind === 'checkbox' || kind === 'radio') await field.setChecked(value)
    else if (typeof value === 'boolean') await field.click()
    else await field.fill(value)
  }
}

/** Presses a button that opens a dialog, or a menu with an entry that does, and returns the dialog. */
async function dialog(...names) {
  for (const name of names) await page.getByRole(name === names[0] ? 'button' : 'menuitem', { name, exact: true }).first().click()
  return page.getByRole('dialog')
}

/** A test of a form: at goes there and fills it, verb sends it. */
function form(name, path, verb, at) {
  test(`what the form shows is what it sends: ${name}`, async () => {
    await open(typeof path === 'function' ? path() : path)
    await at()
    const { lines, sent } = await shown(page, verb)
    for (const way of ['curl', 'CLI']) {
      const noted = await notes.line(lines[way])
      same(noted, sent, lines[way])
    }
    calls.push({ call: lines.Go, sent: sent[0] })
  })
}

const credentials = () => `/applications/${made.app.client_id}/credentials`
const row = async (text, ...names) => {
  await page.getByRole('row', { name: text }).getByRole('button', { name: /^Actions/ }).click()
  await page.getByRole('menuitem', { name: names[0] }).click()
  return page.getByRole('dialog')
}
const odd = "O'Brien & $(id)"

form('a new application', '/applications', 'Save', async () => {
  const d = await dialog('New application')
  await fill(d, { Name: odd, Description: 'sells "things"', Enabled: false, 'Its first secret expires': '90' })
})

form('the configuration of an application', () => `/applications/${made.app.client_id}/settings`, 'Save configuration', async () => {
  await fill(page, { Name: odd, 'Token lifetime in seconds': '300', Home: 'https://app.example/home', Targets: 'https://app.example/a\nhttps://app.example/b', 'Assertions may name the token endpoint as their audience': true, Any: false })
})

form('the scopes of an application', () => `/applications/${made.app.client_id}/access`, 'Save scopes', async () => {
  await fill(page, { 'invoices:write': false })
})

form('a role of an application', () => `/applications/${made.porter.client_id}/access`, 'Add role', async () => {
  const d = await dialog('Add a role')
  await fill(d, { Role: 'identity-data-admin', Over: 'population' })
  await fill(d, { Population: made.crew.id })
})

form('a lock by hand', () => `/applications/${made.app.client_id}/settings`, 'Lock client ID', async () => {
  const d = await dialog('Lock billing')
  await fill(d, { 'How long?': '720', Reason: odd })
})

form('another secret', credentials, 'Save', async () => {
  const d = await dialog('Add secret')
  await fill(d, { Description: odd, Expires: 'custom' })
  await fill(d, { 'Last day': '2027-06-30', Application: false, Networks: '192.0.2.0/24\n2001:db8::/32', 'Can be revealed again': true, 'Give me a link for whoever needs it': true })
})

form('a secret that may do everything for ever', credentials, 'Save', async () => {
  const d = await dialog('Add secret')
  await fill(d, { Expires: 'never' })
})

form('the surroundings of a secret', credentials, 'Save', async () => {
  const d = await row(/first/, 'Edit')
  await fill(d, { Description: odd, Expires: '90', Networks: '' })
})

form('a secret that is rotated', credentials, 'Rotate secret first', async () => {
  const d = await row(/first/, 'Rotate')
  await fill(d, { 'The old secret ends': '3600', 'Count from the first use of the new secret': true, 'Delete the old one once it was not used for 7 days': true, 'Give me a link for whoever needs it': true })
})

form('a secret that is rotated until a day', credentials, 'Rotate secret first', async () => {
  const d = await row(/first/, 'Rotate')
  await fill(d, { 'The old secret ends': 'custom' })
  await fill(d, { 'Last day of the old secret': '2027-01-31' })
})

form('a certificate that is generated', credentials, 'Save', async () => {
  const d = await dialog('Add another kind', 'Certificate')
  await fill(d, { 'Common name': odd, 'Password of the file': typed, 'The password again': typed, Description: 'kiosk', Expires: '90' })
})

form('a certificate that is there', credentials, 'Save', async () => {
  const d = await dialog('Add another kind', 'Certificate')
  await d.getByLabel('Use one that there is').check()
  await fill(d, { Certificate: made.pem, 'Take this one certificate, whoever issued it': true })
})

form('a JWT key', credentials, 'Save', async () => {
  const d = await dialog('Add another kind', 'JWT key')
  await d.getByLabel('At an address').check()
  await fill(d, { 'JWKS URI': 'https://billing.example.com/jwks.json', Expires: '180' })
})

form('a federated trust', credentials, 'Save', async () => {
  const d = await dialog('Add another kind', 'Federated trust')
  await fill(d, { Issuer: 'https://ci.example.com', Subject: 'project:acme/*:main', Audience: 'https://us.example', 'Other claims': 'ref=main\nenvironment=production', 'Accept each token once': true })
})

form('a new user', '/directory/users', 'Create user', async () => {
  const d = await dialog('New user')
  await fill(d, { 'User name': odd, Address: 'ob@example.com', 'Given name': 'Pat', 'Family name': "O'Brien", 'Display name': odd, Population: made.crew.id, Status: 'staged' })
})

form('the profile of a user', () => `/directory/users/${made.user.id}`, 'Save profile', async () => {
  await page.getByRole('button', { name: 'Edit profile', exact: true }).first().click()
  await fill(page, { 'Further addresses': 'b@example.com', 'Phone numbers': '+44 20 7946 0000', 'Given name': '', 'Family name': "O'Brien", Title: '', Department: 'Sales' })
})

form('the password of a user', () => `/directory/users/${made.user.id}`, 'Set password', async () => {
  const d = await dialog('Set password')
  await fill(d, { 'New password': typed, Temporary: true })
})

form('a factor of a user', () => `/directory/users/${made.user.id}`, 'Add factor', async () => {
  const d = await dialog('Add factor')
  await fill(d, { Kind: 'totp', Name: odd })
})

form('a role of a user', () => `/directory/users/${made.user.id}`, 'Assign role', async () => {
  const d = await dialog('Assign role')
  await fill(d, { Role: made.role.role, Over: `population ${made.crew.id}` })
})

form('a new group', '/directory/groups', 'Create group', async () => {
  const d = await dialog('New group')
  await fill(d, { Name: odd, Description: 'of "many"', Filter: 'title eq "Clerk"' })
})

form('a group', () => `/directory/groups/${made.staff.id}`, 'Save group', async () => {
  await page.getByRole('button', { name: 'Edit group' }).click()
  await fill(page, { Name: odd, Description: '' })
})

form('a new population', '/directory/populations', 'Create population', async () => {
  const d = await dialog('New population')
  await fill(d, { Name: odd, Description: 'of "many"' })
})

form('a population', '/directory/populations', 'Save population', async () => {
  const d = await row(/crew/, 'Edit')
  await fill(d, { Name: odd, Description: 'hands' })
})

form('a new role', '/directory/roles', 'Create role', async () => {
  const d = await dialog('New role')
  await fill(d, { Name: odd, Description: 'of "many"', Permissions: 'users:read\ngroups:read' })
})

form('a role', '/directory/roles', 'Save role', async () => {
  const d = await row(/Reader/, 'Edit')
  await fill(d, { Name: odd, Description: '', Permissions: 'groups:read' })
})

form('attributes of people', '/directory/attributes', 'Create schema', async () => {
  const d = await dialog('New schema')
  await fill(d, { Name: 'badge', Description: odd, Attributes: 'colour:string,filterable\nlevel:integer,required' })
})

form('attributes of people that there are', '/directory/attributes', 'Save schema', async () => {
  const d = await dialog('Edit vehicle')
  await fill(d, { Description: odd, Attributes: 'plate:string,filterable\nseats:integer' })
})

form('an invitation', '/directory/invitations', 'Send invitation', async () => {
  const d = await dialog('Invite somebody')
  await fill(d, { Address: 'eve@example.com', 'Given name': odd, Application: made.app.client_id, Population: made.crew.id, 'Who invites': 'Ada', 'Language of the letter': 'de' })
})

form('what is demanded of passwords', '/settings/policies', 'Save password policy', async () => {
  await fill(page, { 'Characters, at least': '14', 'Former passwords that are refused': '7', 'Passwords from known breaches are allowed': true })
})

form('the policy', '/settings/policies', 'Save policy', async () => {
  await fill(page, { 'Longest validity': '400', 'Shortest validity': '2', 'When a secret is found in public': 'rotate', 'JWT keys of an application, at most': '7', 'Characters of a chosen secret, at least': '20' })
})

form('the name of an environment', '/settings/environment', 'Save name', async () => {
  await fill(page, { Name: odd })
})

form('a new environment', '/settings/environments', 'Create environment', async () => {
  const d = await dialog('New environment')
  await fill(d, { Name: '--no-secret', 'Short name in addresses': 'staging', Region: 'EU' })
})

form('who gets mail', '/settings/mail', 'Save addresses', async () => {
  await fill(page, { Addresses: 'ops@example.com\nsecurity@example.com' })
})

form('an authority', '/settings/authorities', 'Add authority', async () => {
  const d = await dialog('Add authority')
  await fill(d, { Name: odd, Certificate: made.pem })
})

form('a new API', '/settings/apis', 'Create API', async () => {
  const d = await dialog('New API')
  await fill(d, { Name: odd, Audience: 'https://orders.example', Scopes: `orders:read=${odd}\norders:write`, 'Minutes that a token lives': '5', 'Signed with': 'EdDSA', 'While a node cannot read its database': 'refuse' })
})

form('an API', '/settings/apis', 'Save API', async () => {
  const d = await row(/invoices/, 'Edit')
  await fill(d, { Name: odd, Scopes: 'invoices:read=Read', 'Minutes that a token lives': '20' })
})

form('a new webhook', '/webhooks', 'Make webhook', async () => {
  const d = await dialog('New webhook')
  await fill(d, { URL: 'https://siem.example/other?a=1&b=2', Description: odd, Enabled: false, 'Some kinds of events': true })
  await d.getByLabel(/^credential/).first().check()
})

form('a webhook', () => `/webhooks/${made.hook.id}`, 'Save', async () => {
  const d = await dialog('Edit')
  await fill(d, { URL: 'https://siem.example/new', Description: odd })
})

form('a replay', () => `/webhooks/${made.hook.id}`, 'Replay from event 12', async () => {
  const d = await dialog('Replay …')
  await d.getByLabel('Every event from a number on').check()
  await fill(d, { 'From event': '12' })
})

form('a new connector', '/connect/connectors', 'Make connector', async () => {
  const d = await dialog('New connector')
  await fill(d, { Provider: 'pingone', Name: 'second', Title: odd, Description: 'of "many"' })
  await d.locator('summary', { hasText: 'Scopes, sites and the proxy' }).click()
  await fill(d, { Scopes: 'a\nb', 'Sites that may show the Connect page in a frame': 'https://app.example' })
  await d.getByRole('button', { name: 'Add a limit' }).click()
  await fill(d, { Application: made.app.client_id, GET: true, Paths: '/users\n/groups' })
})

form('a connector', '/connect/connectors', 'Save', async () => {
  const d = await row(/pingone/, 'Edit')
  await fill(d, { Title: odd, Scopes: 'a' })
})

form('a link for a customer', '/connect/links', 'Make link', async () => {
  const d = await dialog('New link')
  await fill(d, { pingone: true, onelogin: true, 'How long it works': '86400', 'End user': '4711', 'Their name': odd, Organization: 'acme', 'Their e-mail address': 'c@example.com' })
  await d.locator('summary', { hasText: 'More' }).click()
  await fill(d, { 'Name of the connection': odd, Tags: 'plan=gold\nseat=3', 'Language of the page': 'de' })
})

form('a connection of a credential that is at hand', '/connect/connections', 'Connect', async () => {
  const d = await dialog('New connection')
  await fill(d, { Connector: 'onelogin' }).catch(() => {})
  await fill(d, { 'Client ID': hex, 'Client Secret': typed, Subdomain: 'acme', 'Name of the connection': odd, 'End user': '4711', Tags: 'plan=gold', 'Try it out first': false })
})

form('whose a connection is', () => `/connect/connections/${made.connection.id}`, 'Save', async () => {
  const d = await dialog('Edit')
  await fill(d, { Name: odd, Tags: '', 'End user': '', 'Their name': odd })
})

form('a pair', '/api-credentials', 'Save', async () => {
  const d = await dialog('New credential')
  await fill(d, { Name: odd, Expires: '90', Description: 'of "many"' })
})

form('a credential of an application for integrations', '/integration/applications', 'Done', async () => {
  const d = await dialog('Add credential')
  await fill(d, { Application: made.app.client_id, Name: 'crm', Description: odd })
})

form('a credential for connections', '/integration/connections', 'Done', async () => {
  const d = await dialog('Add credential')
  await fill(d, { Name: 'crm', Description: odd, 'Secret of your choice': typed })
})

form('the description and secret of a credential for connections', '/integration/connections', 'Done', async () => {
  const d = await row(/partners/, 'Edit')
  await fill(d, { Description: odd, 'New secret': typed })
})

form('the global credential', '/integration', 'Save', async () => {
  await page.getByRole('button', { name: /^(Edit|Set it up)/ }).first().click()
  await fill(page, { 'REST API Client Secret': typed })
})

form('new signing keys', '/tokens/keys', 'Rotate RS256 key', async () => {
  const d = await dialog('Rotate keys')
  await fill(d, { Algorithm: 'RS256' })
})

test('the calls in Go compile, and send what the forms send', async () => {
  const all = await notes.go(calls.map(({ call }) => call))
  for (const [i, one] of all.entries()) same([one], [calls[i].sent], calls[i].call)
})

test('no form is left out', () => {
  const files = execFileSync('grep', ['-rlE', '<(ShowAs|NewThing|EditThing)', 'screens'], { cwd: new URL('../../../console/src/', import.meta.url), encoding: 'utf8' })
  const tested = `application/access application/configuration application/credential-certificate application/credential-edit application/credential-key application/credential-rotate
    application/credential-secret application/locksettings application/roles applications/create connect/connector connect/edit connect/newconnection connect/newlink directory/attributes
    directory/group directory/groups directory/invitations directory/populations directory/roles directory/userfactors directory/userpassword directory/userprofile directory/userroles
    directory/users integration/dialogs integration/global pairs/create settings/apis settings/authorities settings/environments settings/mail settings/passwords settings/policies
    tokens/keys webhooks/create webhooks/deliveries webhooks/edit`.split(/\s+/)
  // Three only read or end something at once, one sends a file in many parts, and one is what the others are made of.
  const others = ['application/explain', 'directory/usersessions', 'tokens/inspect', 'directory/imports', 'parts/forms']
  assert.deepEqual(files.replaceAll(/screens\/|\.tsx/g, '').trim().split('\n').sort(), [...tested, ...others].sort())
})

after(() => leave(visitor))
