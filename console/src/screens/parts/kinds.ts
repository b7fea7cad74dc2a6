import type { Application, RosterEntry } from '../../api/schema'

const names: Record<Application['kind'], string> = {
  service: 'Service',
  worker: 'Worker',
  pair: 'API credential',
  global: 'Global credential',
  exchange: 'Application credential',
  connection: 'Connection API credential',
}

/** What people call a kind of application. */
export const kindName = (kind: Application['kind']) => names[kind] ?? kind

/** What people call a kind of credential. */
export const credentialKinds: Record<RosterEntry['kind'], string> = { secret: 'Secret', certificate: 'Certificate', jwt_key: 'JWT key', trust: 'Trust' }
