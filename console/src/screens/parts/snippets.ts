import { quote } from '../../ui/shell'

/** What the lines are about. */
export type Ways = { clientId: string; tokenURL: string; secret?: string; scope: string; posts: boolean }

const quoted = JSON.stringify
const python = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** How to get a token by client credentials (RFC 6749 §4.4), in several languages. */
export const waysOf = (of: Ways) => [
  { name: 'curl', text: curl(of) },
  // These two send the secret by HTTP Basic only.
  ...(of.posts ? [] : [{ name: 'CLI', text: cli(of) }, { name: 'Go', text: go(of) }]),
  { name: 'Python', text: py(of) },
  { name: 'Node', text: node(of) },
  { name: 'Java', text: java(of) },
  { name: 'Postman', text: postman(of) },
]

// A secret on a command line is seen by everybody on the machine, so curl reads it from its standard input.
function curl({ clientId, tokenURL, secret, scope, posts }: Ways): string {
  const set = secret ? `CLIENT_SECRET=${quote(secret)}\n` : ''
  const scopes = scope ? ` \\\n  -d scope=${quote(scope)}` : ''
  if (posts) return `${set}printf '%s' "$CLIENT_SECRET" | curl ${quote(tokenURL)} \\\n  -d grant_type=client_credentials \\\n  -d client_id=${clientId}${scopes} \\\n  --data-urlencode client_secret@-`
  return `${set}printf 'user = "%s:%s"\\n' ${clientId} "$CLIENT_SECRET" | curl --config - ${quote(tokenURL)} \\\n  -d grant_type=client_credentials${scopes}`
}

function cli({ clientId, tokenURL, secret, scope }: Ways): string {
  const set = [`export CLIENT_ID=${clientId}`, ...(secret ? [`export CLIENT_SECRET=${quote(secret)}`] : []), `export TOKEN_URL=${quote(tokenURL)}`]
  return [...set, `counterfoil token get${scope && ` --scope ${quote(scope)}`}`].join('\n')
}

const go = ({ clientId, tokenURL, secret, scope }: Ways) => `token, err := client.RequestToken(ctx, client.TokenRequest{
	TokenURL:     ${quoted(tokenURL)},
	ClientID:     ${quoted(clientId)},
	ClientSecret: client.NewSecret(${secret ? quoted(secret) : 'os.Getenv("CLIENT_SECRET")'}),${scope && `\n\tScopes:       []string{${quoted(scope)}},`}
})`

const py = ({ clientId, tokenURL, secret, scope, posts }: Ways) => {
  const held = secret ? python(secret) : "os.environ['CLIENT_SECRET']"
  const data = [`'grant_type': 'client_credentials'`, ...(posts ? [`'client_id': '${clientId}'`, `'client_secret': ${held}`] : []), ...(scope ? [`'scope': ${python(scope)}`] : [])]
  return `import os

import requests

answer = requests.post(
    ${python(tokenURL)},${posts ? '' : `\n    auth=('${clientId}', ${held}),`}
    data={${data.join(', ')}},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()['access_token']`
}

const node = ({ clientId, tokenURL, secret, scope, posts }: Ways) => {
  const held = secret ? quoted(secret) : 'process.env.CLIENT_SECRET'
  const body = [`grant_type: 'client_credentials'`, ...(posts ? [`client_id: '${clientId}'`, `client_secret: ${held}`] : []), ...(scope ? [`scope: ${quoted(scope)}`] : [])]
  return `const answer = await fetch(${quoted(tokenURL)}, {
  method: 'POST',${posts ? '' : `\n  headers: { authorization: 'Basic ' + btoa('${clientId}:' + ${held}) },`}
  body: new URLSearchParams({ ${body.join(', ')} }),
})
if (!answer.ok) throw new Error(await answer.text())
const { access_token: token } = await answer.json()`
}

const java = ({ clientId, tokenURL, secret, scope, posts }: Ways) => {
  const held = secret ? quoted(secret) : 'System.getenv("CLIENT_SECRET")'
  const scopes = scope && ` + "&scope=" + URLEncoder.encode(${quoted(scope)}, UTF_8)`
  const body = posts ? `"grant_type=client_credentials&client_id=${clientId}&client_secret=" + URLEncoder.encode(secret, UTF_8)${scopes}` : `"grant_type=client_credentials"${scopes}`
  return `var secret = ${held};${posts ? '' : `\nvar basic = Base64.getEncoder().encodeToString(("${clientId}:" + secret).getBytes(UTF_8));`}
var request = HttpRequest.newBuilder(URI.create(${quoted(tokenURL)}))${posts ? '' : `\n    .header("Authorization", "Basic " + basic)`}
    .header("Content-Type", "application/x-www-form-urlencoded")
    .POST(HttpRequest.BodyPublishers.ofString(${body}))
    .build();
var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());`
}

/** A collection to import. It never holds the secret, because collections are shared: that is a variable of whoever uses it. */
const postman = ({ clientId, tokenURL, scope, posts }: Ways) => {
  const secret = '{{CLIENT_SECRET}}'
  const form = { grant_type: 'client_credentials', ...(posts && { client_id: clientId, client_secret: secret }), ...(scope && { scope }) }
  const pairs = (of: Record<string, string>) => Object.entries(of).map(([key, value]) => ({ key, value }))
  const request = {
    method: 'POST',
    url: tokenURL,
    auth: posts ? { type: 'noauth' } : { type: 'basic', basic: pairs({ username: clientId, password: secret }) },
    body: { mode: 'urlencoded', urlencoded: pairs(form) },
  }
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
  return JSON.stringify({ info: { name: `Tokens of ${clientId}`, schema }, item: [{ name: 'Get a token', request }], variable: [{ key: 'CLIENT_SECRET', value: '' }] }, null, 2)
}
