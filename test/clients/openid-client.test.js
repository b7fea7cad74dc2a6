// openid-client against a real server, used as its own documentation shows it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { start, variables } from './server.js'

const audience = 'https://invoices.example'
let server, billing, gateway

before(async () => {
  server = await start()
  await server.run('api', 'create', 'invoices', '--audience', audience, '--scope', 'invoices:read', '--scope', 'invoices:write')
  await server.run('api', 'create', 'reports', '--audience', 'https://reports.example', '--scope', 'reports:read', '--token-format', 'handle')
  billing = await server.application('billing', '--scope', 'invoices:read', '--scope', 'reports:read')
  gateway = await server.application('gateway', '--introspects', 'invoices', '--introspects', 'reports')
})
after(() => server?.stop())

/** Discovers the issuer of an application's environment as that application. */
function as(application, authentication = client.ClientSecretBasic, options = {}) {
  const { CLIENT_ID, CLIENT_SECRET, ISSUER } = application
  return client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication(CLIENT_SECRET), {
    execute: [client.allowInsecureRequests], // http on a loopback address
    ...options,
  })
}

for (const algorithm of ['oidc', 'oauth2']) {
  test(`the metadata is found by ${algorithm} discovery`, async () => {
    const { ISSUER, TOKEN_URL } = billing
    const found = (await as(billing, client.ClientSecretBasic, { algorithm })).serverMetadata()
    assert.equal(found.issuer, ISSUER)
    assert.equal(found.token_endpoint, TOKEN_URL)
    assert.deepEqual(found.grant_types_supported, ['client_credentials'])
  })

  test(`an environment's own metadata is found by ${algorithm} discovery`, async () => {
    const slug = `staging-${algorithm}`
    const admin = variables(await server.run('environment', 'create', slug, '--slug', slug, '-o', 'env'))
    assert.equal(admin.ISSUER, `${server.issuer}/${slug}`)
    const config = await as(admin, client.ClientSecretBasic, { algorithm })
    assert.equal(config.serverMetadata().issuer, admin.ISSUER)
    const token = await client.clientCredentialsGrant(config, { resource: `${admin.ISSUER}/api/v1` })
    assert.ok(token.access_token)
  })
}

for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
  test(`client credentials are taken by ${authentication.name}`, async () => {
    const token = await client.clientCredentialsGrant(await as(billing, authentication), { scope: 'invoices:read' })
    assert.equal(token.token_type, 'bearer')
    assert.equal(token.expires_in, 600)
    assert.equal(token.scope, 'invoices:read')
    assert.equal(token.refresh_token, undefined)
  })
}

test('a resource indicator chooses the API', async () => {
  const config = await as(billing)
  const jwt = await client.clientCredentialsGrant(config, { resource: audience })
  assert.equal(jwt.access_token.split('.').length, 3)
  const handle = await client.clientCredentialsGrant(config, { resource: 'https://reports.example' })
  assert.match(handle.access_token, /^cft_/)
})

for (const scope of ['invoices:read', 'reports:read']) {
  test(`a token for ${scope} is shown to its API and to nobody else`, async () => {
    const { access_token } = await client.clientCredentialsGrant(await as(billing), { scope })
    const seen = await client.tokenIntrospection(await as(gateway), access_token)
    assert.equal(seen.active, true)
    assert.equal(seen.scope, scope)
    assert.equal(seen.client_id, billing.CLIENT_ID)
    const stranger = await server.application(`stranger to ${scope}`, '--scope', 'invoices:write')
    assert.deepEqual(await client.tokenIntrospection(await as(stranger), access_token), { active: false })
  })

  test(`a revoked token for ${scope} is inactive, and its neighbour is not`, async () => {
    const config = await as(billing)
    const gone = await client.clientCredentialsGrant(config, { scope })
    const kept = await client.clientCredentialsGrant(config, { scope })
    await client.tokenRevocation(config, gone.access_token)
    await client.tokenRevocation(config, gone.access_token) // revoking again is no error (RFC 7009 §2.2)
    const asGateway = await as(gateway)
    assert.deepEqual(await client.tokenIntrospection(asGateway, gone.access_token), { active: false })
    assert.equal((await client.tokenIntrospection(asGateway, kept.access_token)).active, true)
  })
}

test('another client cannot revoke a token, and is not told so', async () => {
  const { access_token } = await client.clientCredentialsGrant(await as(billing), { scope: 'invoices:read' })
  await client.tokenRevocation(await as(gateway), access_token)
  assert.equal((await client.tokenIntrospection(await as(gateway), access_token)).active, true)
})

/** What the library says of a 401 with a challenge. */
const refusedByChallenge = (error) => {
  assert.ok(error instanceof client.WWWAuthenticateChallengeError, `${error}`)
  assert.equal(error.status, 401)
  assert.equal(error.cause[0].scheme, 'basic')
  return true
}

test('a wrong secret is refused', async () => {
  const wrong = await as({ ...billing, CLIENT_SECRET: gateway.CLIENT_SECRET })
  await assert.rejects(client.clientCredentialsGrant(wrong), refusedByChallenge)
})

for (const [parameters, code] of [
  [{ scope: 'invoices:write' }, 'invalid_scope'],
  [{ scope: 'nothing:like:it' }, 'invalid_scope'],
  [{ resource: 'https://elsewhere.example' }, 'invalid_target'],
  [{}, 'invalid_target'], // two APIs, and none named
]) {
  test(`${JSON.stringify(parameters)} is refused as ${code}`, async () => {
    await assert.rejects(client.clientCredentialsGrant(await as(billing), parameters), (error) => {
      assert.ok(error instanceof client.ResponseBodyError, `${error}`)
      assert.equal(error.status, 400)
      assert.equal(error.error, code)
      assert.ok(error.error_description)
      return true
    })
  })
}

test('a grant that is not there is refused as such', async () => {
  await assert.rejects(client.genericGrantRequest(await as(billing), 'password', { username: 'a', password: 'b' }), {
    error: 'unsupported_grant_type',
  })
})

test('a disabled application loses its tokens and gets none', async () => {
  const doomed = await server.application('doomed', '--scope', 'invoices:read')
  const config = await as(doomed)
  const { access_token } = await client.clientCredentialsGrant(config)
  await server.run('app', 'disable', 'doomed')
  assert.deepEqual(await client.tokenIntrospection(await as(gateway), access_token), { active: false })
  await assert.rejects(client.clientCredentialsGrant(config), refusedByChallenge)
})
