// The one way to the server: the public management API, in this environment, as the person who is signed in.
import createClient from 'openapi-fetch'
import { Failure } from './problem'
import type { paths, Problem } from './schema'
import { proveAgain } from './proof'

/** The environment's own segment of the path, or nothing in the default one: everything before /console. */
export const root = location.pathname.split('/console')[0] ?? ''

/** Where people sign in, to come back to where they are. */
export const signIn = () => `${root}/signin?return_to=${encodeURIComponent(location.pathname + location.search)}`

const attempts = 4
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Sends a request; one that cannot do anything twice is sent again when the connection drops. */
async function send(request: Request): Promise<Response> {
  const repeatable = request.method === 'GET' || request.headers.has('idempotency-key')
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(request.clone())
    } catch (error) {
      if (request.signal.aborted) throw error
      if (!repeatable || attempt === attempts) {
        throw new Failure({ status: 0, detail: 'the server cannot be reached: look at your connection and try again' })
      }
      await pause(250 * 2 ** attempt)
    }
  }
}

/** Sends a request as our own page, and has the person prove who they are when that is asked for. */
async function knock(input: Request): Promise<Response> {
  input.headers.set('X-Counterfoil', 'console')
  const answer = await send(input)
  if (answer.status !== 401 && answer.status !== 403) return answer
  const { code } = (await answer.clone().json().catch(() => ({}))) as Problem
  if (code === 'session_over') {
    location.assign(signIn())
    await new Promise(() => {}) // the page is on its way out: nothing is said in between
  }
  if (code === 'step_up_required' && (await proveAgain())) return send(input)
  return answer
}

/** The management API, typed by its document. Wrap calls in {@link ask}. */
export const api = createClient<paths>({ baseUrl: `${root}/api/v1`, fetch: knock })

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** Returns what the server answered, or throws a {@link Failure}. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await askTagged(answer)).data
}

/** Is {@link ask} for what will be changed: with the version that a change names in If-Match (RFC 9110 §13.1.1). */
export async function askTagged<T>(answer: Promise<Answer<T>>): Promise<{ data: T; tag: string }> {
  const { data, error, response } = await answer
  if (!response.ok) throw new Failure({ ...(error as Problem), status: response.status })
  return { data: data as T, tag: response.headers.get('etag') ?? '' }
}

/** A key under which one attempt to make something is made once only, however often it is sent. */
export const attemptKey = () => crypto.randomUUID()
