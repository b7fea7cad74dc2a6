// A provider that customers connect: a token endpoint and an API, as strict as it needs to be for the page.
import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const good = { client: '3b1ae7f4-95c2-4c1d-8f0e-6a2d9c41b7e5', tenant: '7c2f9d10-0b6e-4e0a-9a3f-52d1c8e4a6b9', secret: 's3cret~of.the-customer' }

const file = `
display_name: Parcels
categories: [test]
docs: https://docs.example/parcels
mode: client_credentials
token:
  url: \${origin}/\${region}/\${tenant}/token
  auth: client_secret_post
fields:
  - {name: origin, title: Origin, format: uri}
  - {name: client_id, title: Client ID, format: uuid, description: On the Overview tab., example: ${good.client}, section: "#client"}
  - {name: client_secret, title: Client Secret, secret: true}
  - {name: tenant, title: Environment ID, format: uuid}
  - name: region
    title: Region
    choices:
      - {value: com, label: North America (com)}
      - {value: eu, label: European Union (eu)}
      - {value: com.au, label: Australia (com.au)}
paste:
  - https://api\\.parcels\\.(?P<region>com\\.au|com|eu)/environments/(?P<tenant>[0-9a-f-]{36})
api:
  base_url: \${origin}/\${region}
verify:
  path: /me
  warn: [403]
errors:
  - {code: invalid_client, stage: client_known, among: [auth_method, application_enabled], hint: Client ID and Client Secret do not fit together., section: "#secret"}
  - {on: verify, status: 403, stage: probe, hint: Grant the worker a role.}
`

/** Starts the provider. folder has its file, for the server; it must be stopped. */
export async function provider() {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-providers-'))
  await writeFile(join(folder, 'parcels.yaml'), file)
  const server = createServer(async (request, answer) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const given = new URLSearchParams(body).get('client_secret')
    const say = (status, what) => answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(what))
    if (request.method === 'GET') return say(request.headers.authorization === 'Bearer roleless' ? 403 : 200, { id: 'me' })
    if (given === good.secret) return say(200, { access_token: 'accepted', token_type: 'Bearer', expires_in: 3600 })
    if (given === 'roleless') return say(200, { access_token: 'roleless', token_type: 'Bearer', expires_in: 3600 })
    return say(401, { error: 'invalid_client', error_description: `no client has <b>${given}</b>` })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${server.address().port}`
  return {
    folder,
    address,
    origin: `http://${address}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const client = { id: 'our client', secret: 'of ours: 100%' }

/**
 * Starts an authorization server at which people agree (RFC 6749 §4.1), as strict as it ought to be: a code is good once, for the
 * client and the address that it was given for, and for whoever has its verifier (RFC 7636). People are sent to HTTPS only; root is
 * the file with its certificate. It must be stopped.
 */
export async function consent() {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-consent-'))
  const [key, root] = [join(folder, 'key.pem'), join(folder, 'root.pem')]
  const made = ['-nodes', '-keyout', key, '-out', root, '-days', '2', '-subj', '/CN=Consent', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...made], { stdio: 'ignore' })
  const codes = new Map()
  const server = createSecureServer({ key: await readFile(key), cert: await readFile(root) }, async (request, answer) => {
    const at = new URL(request.url, 'http://consent')
    if (at.pathname === '/authorize') {
      const asked = Object.fromEntries(at.searchParams)
      const code = randomUUID()
      codes.set(code, asked)
      const to = (query) => `${asked.redirect_uri}?${new URLSearchParams({ ...query, state: asked.state })}`.replaceAll('&', '&amp;')
      return answer
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<!doctype html><html lang="en"><title>Agree</title><main><h1>May they?</h1><a id="agree" href="${to({ code })}">Agree</a> <a id="decline" href="${to({ error: 'access_denied' })}">Decline</a></main></html>`)
    }
    if (at.pathname !== '/token') return answer.writeHead(404).end() // a browser looks for the site's icon
    let body = ''
    for await (const chunk of request) body += chunk
    const form = Object.fromEntries(new URLSearchParams(body))
    const asked = codes.get(form.code)
    codes.delete(form.code)
    const basic = `Basic ${btoa(`${new URLSearchParams({ i: client.id }).toString().slice(2)}:${new URLSearchParams({ i: client.secret }).toString().slice(2)}`)}`
    const good =
      asked?.response_type === 'code' &&
      asked.client_id === client.id &&
      asked.redirect_uri === form.redirect_uri &&
      asked.code_challenge_method === 'S256' &&
      asked.code_challenge === createHash('sha256').update(form.code_verifier ?? '').digest('base64url') &&
      request.headers.authorization === basic
    answer
      .writeHead(good ? 200 : 400, { 'content-type': 'application/json' })
      .end(JSON.stringify(good ? { access_token: 'agreed', token_type: 'Bearer', expires_in: 3600, refresh_token: 'again' } : { error: 'invalid_grant' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${server.address().port}`
  return {
    address,
    origin: `https://${address}`,
    root,
    async stop() {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a site of somebody else's, on another host's name, that shows the page of a link in a frame. It must be stopped. */
export async function site(script, link) {
  const page = `<!doctype html><html lang="en"><title>Settings</title><main><h1>Settings</h1><button id="connect">Connect</button></main>
<script src="${script}"></script>
<script>
const heard = []
document.getElementById('connect').onclick = () => counterfoil.connect({ url: ${JSON.stringify(link ?? '')} || window.link, title: 'Connect', onEvent: (e) => heard.push(e) })
</script></html>`
  const server = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(page))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://localhost:${server.address().port}`,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
