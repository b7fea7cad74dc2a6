import type { Problem } from './schema'

/** A request that failed: what the server says of it (RFC 9457), or that it could not be reached. */
export class Failure extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string
  /** What is wrong with single fields, by their path in the body, such as `name` or `scopes[0]`. */
  readonly fields: ReadonlyMap<string, string>

  constructor(problem: Partial<Problem> & { status: number }) {
    super(problem.detail ?? problem.title ?? 'the server did not say why')
    this.name = 'Failure'
    this.status = problem.status
    this.code = problem.code ?? ''
    this.requestId = problem.request_id ?? ''
    this.fields = new Map(
      (problem.errors ?? []).map(({ location, message }) => [location.replace(/^(body|query|path)\./, ''), message]),
    )
  }

  /** Whether nobody knows if the request arrived. */
  get unanswered() {
    return this.status === 0
  }
}

/** Returns what a promise was rejected with as a failure. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure({ status: -1, detail: error instanceof Error ? error.message : String(error) })
}
