// A server for one file of tests: the built program on a free port, with data and a home of its own.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../../bin/counterfoil', import.meta.url))
const patience = 30_000

/** Starts a server, with further arguments. It must be stopped. */
export async function start(...further) {
  await access(program).catch(() => {
    throw new Error(`${program} is missing: run make build`)
  })
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-clients-'))
  const ready = join(folder, 'ready')
  const env = { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') }
  const child = spawn(program, ['serve', '--dev', '--listen', '127.0.0.1:0', '--data', join(folder, 'data'), '--ready-file', ready, ...further], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let printed = ''
  child.stderr.on('data', (chunk) => (printed += chunk))
  let shown = ''
  child.stdout.on('data', (chunk) => (shown += chunk))
  const server = {
    issuer: '',
    /** What the server has printed for whoever started it. */
    shown: () => shown,
    /** What the server has logged. */
    logged: () => printed,
    /** Where the server keeps its data. */
    data: join(folder, 'data'),
    /** Runs a command as the administrator and returns what it prints. */
    async run(...args) {
      const { stdout } = await promisify(execFile)(program, args, { env, timeout: patience })
      return stdout
    },
    /** Makes an application and returns what -o env says of it. */
    async application(name, ...args) {
      return variables(await server.run('app', 'create', name, ...args, '-o', 'env'))
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
  // The file is written, whole, once the server answers and its administrator is saved.
  for (const deadline = Date.now() + patience; !server.issuer; await setTimeout(5)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await server.stop()
      throw new Error(`the server did not start: ${printed}`)
    }
    server.issuer = (await readFile(ready, 'utf8').catch(() => '')).trim()
  }
  return server
}

/** Reads KEY=value lines. */
export function variables(text) {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  )
}
