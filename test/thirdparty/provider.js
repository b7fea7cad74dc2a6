// oidc-provider on a loopback address, over TLS that asks for client certificates, with the clients of a settings file.
// Its own pages for development sign anybody in.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import Provider from 'oidc-provider'
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'
import { obey } from './orders.js'

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const clients = new Map(settings.clients.map((client) => [client.client_id, client]))
const off = new Set()
const requests = []
let lifetime = settings.lifetime

/** Clients can be changed and switched off while the server runs, hence are no static ones. */
const known = { find: async (id) => (off.has(id) ? undefined : clients.get(id)) }

const server = createServer({
  key: settings.key,
  cert: settings.certificate,
  ca: settings.authority,
  requestCert: true,
  rejectUnauthorized: false, // without a certificate, or with a self-signed one, a client comes in; the provider decides
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address()

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const provider = new Provider(`https://127.0.0.1:${port}`, {
  adapter: (model) => (model === 'Client' ? known : new MemoryAdapter(model)),
  clientAuthMethods: [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'none',
  ],
  cookies: { keys: [randomBytes(16).toString('hex')] },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  scopes: ['openid', 'offline_access', ...settings.scopes],
  pkce: { methods: ['S256'], required: () => true },
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: {
    ClientCredentials: () => lifetime,
    AccessToken: () => lifetime,
    AuthorizationCode: 60,
    IdToken: 60,
    Grant: 86400,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => ctx.req.socket.getPeerX509Certificate(),
      certificateAuthorized: (ctx) => ctx.req.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_san_dns' &&
        ctx.req.socket.getPeerX509Certificate().subjectAltName === `DNS:${expected}`,
    },
  },
})

/** An API to call with a token: 401 unless it is good, 403 unless it has the first scope, else whose it is. */
async function api(ctx) {
  const value = /^Bearer (.+)$/.exec(ctx.get('authorization'))?.[1] ?? ''
  const token = (await provider.ClientCredentials.find(value)) ?? (await provider.AccessToken.find(value))
  ctx.status = 200
  if (!token || off.has(token.clientId)) {
    ctx.status = 401
    ctx.set('www-authenticate', 'Bearer error="invalid_token"')
  } else if (!token.scopes.has(settings.scopes[0])) {
    ctx.status = 403
  }
  ctx.body = { client_id: token?.clientId, method: ctx.method, path: ctx.path }
}

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/api/')) return api(ctx)
  await next()
  if (ctx.oidc?.route === 'token') {
    requests.push({
      path: ctx.path,
      status: ctx.status,
      client_id: ctx.oidc.client?.clientId ?? ctx.oidc.params?.client_id ?? '',
      grant_type: ctx.oidc.params?.grant_type ?? '',
      scope: ctx.oidc.params?.scope ?? '',
      error: ctx.body?.error_description ?? ctx.body?.error ?? '',
    })
  }
})

server.on('request', provider.callback())
obey(port, {
  register: (client) => void clients.set(client.client_id, client),
  disable: (id) => void off.add(id),
  enable: (id) => void off.delete(id),
  lifetime: (seconds) => void (lifetime = seconds),
  requests: () => requests,
})
