// openid-client without a secret: by JWTs that it signs itself, and by a certificate (RFC 8705).
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import * as client from 'openid-client'
import { start } from './server.js'

let server, folder, id

before(async () => {
  server = await start('--mtls-listen', '127.0.0.1:0')
  folder = await mkdtemp(join(tmpdir(), 'counterfoil-keys-'))
  await server.run('api', 'create', 'invoices', '--audience', 'https://invoices.example', '--scope', 'invoices:read')
  id = JSON.parse(await server.run('app', 'create', 'billing', '--scope', 'invoices:read', '--no-secret', '-o', 'json')).client_id
})
after(async () => {
  await server?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const insecure = { execute: [client.allowInsecureRequests] } // http on a loopback address

for (const [name, algorithm] of [
  ['ES256', { name: 'ECDSA', namedCurve: 'P-256' }],
  ['PS256', { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }],
  ['Ed25519', { name: 'Ed25519' }],
]) {
  test(`private_key_jwt by ${name}`, async () => {
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey('jwk', pair.publicKey)
    const file = join(folder, `${name}.json`)
    await writeFile(file, JSON.stringify({ keys: [{ ...jwk, kid: name }] }))
    await server.run('app', 'jwk', 'add', 'billing', '--file', file)
    const authentication = client.PrivateKeyJwt({ key: pair.privateKey, kid: name })
    const config = await client.discovery(new URL(server.issuer), id, undefined, authentication, insecure)
    const token = await client.clientCredentialsGrant(config)
    assert.equal(token.scope, 'invoices:read')
    assert.equal((await client.tokenIntrospection(config, token.access_token)).active, true)
    await client.tokenRevocation(config, token.access_token)
    assert.deepEqual(await client.tokenIntrospection(config, token.access_token), { active: false })
  })
}

test('another key is refused', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const config = await client.discovery(new URL(server.issuer), id, undefined, client.PrivateKeyJwt(pair.privateKey), insecure)
  await assert.rejects(client.clientCredentialsGrant(config), { status: 401 })
})

/** Makes a fetch that has a certificate. */
function fetchWith(tls) {
  const agent = new https.Agent(tls)
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      if (!url.startsWith('https:')) return resolve(fetch(url, { method, headers, body }))
      const request = https.request(url, { method, headers: Object.fromEntries(new Headers(headers)), agent }, (answer) => {
        const parts = []
        answer.on('data', (part) => parts.push(part))
        answer.on('end', () => resolve(new Response(Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers })))
      })
      request.on('error', reject)
      request.end(body?.toString())
    })
}

test('a certificate proves the client, and its token is bound to it', async () => {
  const [cert, key] = ['self.pem', 'self.key'].map((name) => join(folder, name))
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', key, '-out', cert, '-days', '3', '-subj', '/CN=billing', '-addext', 'basicConstraints=critical,CA:FALSE'])
  const added = JSON.parse(await server.run('app', 'certificate', 'add', 'billing', '--file', cert, '-o', 'json'))
  const as = async (tls) => {
    const metadata = { use_mtls_endpoint_aliases: true }
    const config = await client.discovery(new URL(server.issuer), id, metadata, client.TlsClientAuth(), insecure)
    config[client.customFetch] = fetchWith({ ca: await readFile(join(server.data, 'mtls.pem')), keepAlive: false, ...tls })
    return config
  }
  const config = await as({ cert: await readFile(cert), key: await readFile(key) })
  const token = await client.clientCredentialsGrant(config)
  const seen = await client.tokenIntrospection(config, token.access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.cnf['x5t#S256'], added['x5t#S256'])
  await assert.rejects(client.clientCredentialsGrant(await as({})), { status: 401 })
})
