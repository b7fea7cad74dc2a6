// oauth4webapi against a real server. It is the layer below openid-client, looks at every answer on its own, and
// verifies JWT access tokens as a resource server does (RFC 9068).
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { start } from './server.js'

const insecure = { [oauth.allowInsecureRequests]: true } // http on a loopback address
const algorithms = ['ES256', 'EdDSA', 'RS256', 'PS256']
let server, issuer

before(async () => {
  server = await start()
  for (const algorithm of algorithms) {
    const name = algorithm.toLowerCase()
    await server.run('api', 'create', name, '--audience', `https://${name}.example`, '--scope', `${name}:use`, '--signing-alg', algorithm)
  }
  const url = new URL(server.issuer)
  const answer = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure })
  issuer = await oauth.processDiscoveryResponse(url, answer)
})
after(() => server?.stop())

async function application(name, ...args) {
  const { CLIENT_ID, CLIENT_SECRET } = await server.application(name, ...args)
  return { client: { client_id: CLIENT_ID }, secret: CLIENT_SECRET }
}

async function token({ client, secret }, parameters = {}, authentication = oauth.ClientSecretBasic) {
  const answer = await oauth.clientCredentialsGrantRequest(issuer, client, authentication(secret), new URLSearchParams(parameters), insecure)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  return oauth.processClientCredentialsResponse(issuer, client, answer)
}

async function introspection({ client, secret }, subject) {
  const answer = await oauth.introspectionRequest(issuer, client, oauth.ClientSecretBasic(secret), subject, insecure)
  return oauth.processIntrospectionResponse(issuer, client, answer)
}

function requestWith(accessToken) {
  return new Request('https://api.example/', { headers: { authorization: `Bearer ${accessToken}` } })
}

for (const algorithm of algorithms) {
  test(`a resource server accepts a JWT by ${algorithm}`, async () => {
    const name = algorithm.toLowerCase()
    const caller = await application(`caller ${name}`, '--scope', `${name}:use`)
    const { access_token } = await token(caller)
    const claims = await oauth.validateJwtAccessToken(issuer, requestWith(access_token), `https://${name}.example`, insecure)
    assert.equal(claims.iss, issuer.issuer)
    assert.equal(claims.client_id, caller.client.client_id)
    assert.equal(claims.sub, caller.client.client_id)
    assert.equal(claims.scope, `${name}:use`)
    assert.equal(claims.exp - claims.iat, 600)
    assert.equal(JSON.parse(Buffer.from(access_token.split('.')[0], 'base64url')).alg, algorithm)
    await assert.rejects(oauth.validateJwtAccessToken(issuer, requestWith(access_token), 'https://another.example', insecure))
  })
}

test('an altered JWT is refused', async () => {
  const { access_token } = await token(await application('altered', '--scope', 'es256:use'))
  const [header, payload, signature] = access_token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url'))
  const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'everything' })).toString('base64url')
  const request = requestWith(`${header}.${forged}.${signature}`)
  await assert.rejects(oauth.validateJwtAccessToken(issuer, request, 'https://es256.example', insecure))
})

for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
  test(`client credentials are taken by ${authentication.name}`, async () => {
    const caller = await application(`by ${authentication.name}`, '--scope', 'es256:use')
    const answer = await token(caller, { scope: 'es256:use', resource: 'https://es256.example' }, authentication)
    assert.equal(answer.scope, 'es256:use')
  })
}

test('an application that is limited to one method is refused by another', async () => {
  const caller = await application('basic only', '--scope', 'es256:use', '--auth-method', 'client_secret_basic')
  await token(caller)
  await assert.rejects(token(caller, {}, oauth.ClientSecretPost), oauth.WWWAuthenticateChallengeError)
})

test('a token is introspected by its own client and revoked by it', async () => {
  const caller = await application('introspecting itself', '--scope', 'es256:use')
  const { access_token } = await token(caller)
  const seen = await introspection(caller, access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.token_type, 'Bearer')
  assert.equal(seen.aud, 'https://es256.example')
  const answer = await oauth.revocationRequest(issuer, caller.client, oauth.ClientSecretBasic(caller.secret), access_token, insecure)
  assert.equal(await oauth.processRevocationResponse(answer), undefined)
  assert.deepEqual(await introspection(caller, access_token), { active: false })
})

test('what is no token is inactive, and revoking it is no error', async () => {
  const caller = await application('with rubbish', '--scope', 'es256:use')
  for (const rubbish of ['rubbish', 'cft_rubbish', 'a.b.c', 'e30.e30.e30']) {
    assert.deepEqual(await introspection(caller, rubbish), { active: false })
    const answer = await oauth.revocationRequest(issuer, caller.client, oauth.ClientSecretBasic(caller.secret), rubbish, insecure)
    assert.equal(await oauth.processRevocationResponse(answer), undefined)
  }
})

test('an unknown client and a wrong secret are told the same', async () => {
  const caller = await application('somebody', '--scope', 'es256:use')
  const other = await application('somebody else')
  const answers = []
  for (const attempt of [
    { client: caller.client, secret: other.secret },
    { client: { client_id: '00000000-0000-4000-8000-000000000000' }, secret: caller.secret },
  ]) {
    const answer = await oauth.clientCredentialsGrantRequest(
      issuer, attempt.client, oauth.ClientSecretBasic(attempt.secret), new URLSearchParams(), insecure,
    )
    answers.push([answer.status, answer.headers.get('www-authenticate'), await answer.text()])
  }
  assert.equal(answers[0][0], 401)
  assert.deepEqual(answers[0], answers[1])
})
