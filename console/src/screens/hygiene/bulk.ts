import { api, ask } from '../../api/client'
import { Failure } from '../../api/problem'
import type { Finding, RosterEntry } from '../../api/schema'
import { disable, enable } from '../parts/credential'

/** What was done with several credentials, as far as it came. */
export type Tally = { done: RosterEntry[]; /** How many there was nothing to do with. */ spared: number }

const none = (): Tally => ({ done: [], spared: 0 })

/** Disables those that findings are about, each once. tally says which it were, also when it breaks off. */
export async function disableAll(findings: readonly Finding[], tally = none()): Promise<Tally> {
  const credentials = new Map(findings.map((one) => [one.credential_id, one])) // one may have several findings
  return inTurn([...credentials.values()], tally, async ({ client_id: application, credential_id: id }) => {
    const [found] = (await ask(api.GET('/applications/{application}/credentials', { params: { path: { application }, query: { id } } }))).items
    if (!found?.enabled) return void tally.spared++ // somebody was faster, and it is not ours to enable again
    await disable(found)
    tally.done.push(found)
  })
}

/** Enables those again that were disabled. */
export async function enableAll(credentials: readonly RosterEntry[], tally = none()): Promise<Tally> {
  return inTurn(credentials, tally, async (one) => {
    await enable(one)
    tally.done.push(one)
  })
}

/** Does something with each. One that is gone meanwhile keeps nobody from the others; any other failure would meet them, too. */
async function inTurn<T>(all: readonly T[], tally: Tally, work: (one: T) => Promise<void>): Promise<Tally> {
  for (const one of all) {
    try {
      await work(one)
    } catch (error) {
      if (!(error instanceof Failure && error.status === 404)) throw error
      tally.spared++
    }
  }
  return tally
}
