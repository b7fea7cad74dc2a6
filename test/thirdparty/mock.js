// oauth2-mock-server on a loopback address, over TLS. It grants whatever it is asked for, and answers as it is told.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { Events, OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server'
import { obey } from './orders.js'

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const requests = []
let answer = null
let more = { expires_in: settings.lifetime }

const issuer = new OAuth2Issuer()
await issuer.keys.generate('RS256')
const service = new OAuth2Service(issuer)

const note = (req, status) => {
  const { authorization = '', 'content-type': type = '' } = req.headers
  requests.push({ path: req.path, status, authorization, content_type: type, form: req.body ?? {} })
}
service.on(Events.BeforeResponse, (response, req) => {
  response.body = answer?.body ?? { ...response.body, ...more }
  response.statusCode = answer?.status ?? response.statusCode
  note(req, response.statusCode)
})
service.on(Events.BeforeRevoke, (response, req) => note(req, response.statusCode))

const server = createServer({ key: settings.key, cert: settings.certificate }, service.requestHandler)
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address()
issuer.url = `https://127.0.0.1:${port}`

obey(port, {
  answer: (given) => void (answer = given),
  add: (members) => void (more = { ...more, ...members }),
  requests: () => requests,
})
