import { useRef, useState } from 'react'
import { attemptKey } from '../api/client'
import { type Failure, failureOf } from '../api/problem'

/**
 * Something that a person does, which may fail. Its result is handed to the caller and kept nowhere else: an answer may hold a
 * secret, and a cache of queries and mutations would hold it as long as the page lives.
 *
 * The work gets an idempotency key, which stays the same until the server has answered: pressing again after a dropped
 * connection makes nothing twice.
 */
export function useAction<A extends unknown[], R>(work: (key: string, ...args: A) => Promise<R>) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const key = useRef<string>(undefined)
  const running = useRef(false)
  const run = async (...args: A): Promise<R | undefined> => {
    if (running.current) return undefined
    running.current = true
    setBusy(true)
    setFailure(undefined)
    key.current ??= attemptKey()
    try {
      const result = await work(key.current, ...args)
      key.current = undefined
      return result
    } catch (error) {
      const failed = failureOf(error)
      if (!failed.unanswered) key.current = undefined
      setFailure(failed)
      return undefined
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { run, busy, failure, clear: () => setFailure(undefined) }
}
