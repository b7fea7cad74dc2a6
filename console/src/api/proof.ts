// A fresh proof of who is there, asked for in a window of its own, so that nothing that was typed is lost.

type Asked = { done: (proved: boolean) => void }

let asked: Asked | undefined
let waiting: Promise<boolean> | undefined
const listeners = new Set<() => void>()
const tell = () => listeners.forEach((listener) => listener())

/** Asks the person to prove again who they are. False: they would not. Who asks meanwhile waits for the same answer. */
export function proveAgain(): Promise<boolean> {
  waiting ??= new Promise<boolean>((resolve) => {
    const done = (proved: boolean) => {
      asked = waiting = undefined
      tell()
      resolve(proved)
    }
    asked = { done }
    tell()
  })
  return waiting
}

/** What is asked at the moment, for useSyncExternalStore. */
export const proof = {
  now: () => asked,
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

/** Environments of a host share its origin, and not its people. */
const channel = () => `counterfoil-proof ${location.pathname.split('/console')[0]}`

/** Calls back when another window says that the person has proved who they are. */
export function heardProof(then: () => void): () => void {
  const radio = new BroadcastChannel(channel())
  radio.onmessage = then
  return () => radio.close()
}

/** Is the window in which the proof was given: says so, and goes. */
export function sayProved() {
  new BroadcastChannel(channel()).postMessage('proved')
  window.close()
}
