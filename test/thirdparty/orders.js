// What a server for tests and the test that started it say to each other: a line of JSON with an order in, one with the
// outcome out, in turns. The first line out says where the server listens; when the input ends, so does the server.
import { createInterface } from 'node:readline'

/** Tells where the server listens and obeys orders: an object of functions by name, each given the order's value. */
export function obey(port, orders) {
  const say = (outcome) => process.stdout.write(JSON.stringify(outcome) + '\n')
  const lines = createInterface({ input: process.stdin })
  lines.on('close', () => process.exit(0))
  lines.on('line', (line) => {
    try {
      const [[name, value]] = Object.entries(JSON.parse(line))
      say({ outcome: orders[name](value) ?? null })
    } catch (error) {
      say({ error: `${error}` })
    }
  })
  say({ port })
}
