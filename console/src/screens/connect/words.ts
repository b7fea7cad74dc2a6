import { arg } from '../../ui/shell'
import type { Connection, Provider, TrialStep } from '../../api/schema'

/** The steps of checking, as the Connect page calls them. */
export const stages: Record<TrialStep['stage'], string> = {
  reach_host: 'The server can be reached',
  tls: 'The line is encrypted',
  token_endpoint: 'The address for tokens is right',
  client_known: 'The client and its secret fit',
  auth_method: 'The way to prove it is allowed',
  application_enabled: 'The application is switched on',
  scope: 'The scopes are granted',
  probe: 'A first call works',
}

const failures: Record<TrialStep['stage'], string> = {
  reach_host: 'the server cannot be reached',
  tls: 'the line cannot be encrypted',
  token_endpoint: 'the address for tokens is wrong',
  client_known: 'the client and its secret do not fit',
  auth_method: 'the way to prove it is not allowed',
  application_enabled: 'the application is switched off',
  scope: 'the scopes are not granted',
  probe: 'a first call does not work',
}

/** Words for the step at which a connection fails. */
export const stageWords = (stage?: string) => (stage ? (failures[stage as TrialStep['stage']] ?? stage) : '')

/** What will happen to a connection by itself. */
export const outlook: Record<Connection['state'], string> = {
  healthy: 'It works.',
  failing: 'It is tried again by itself.',
  exhausted: 'It was tried for long and is not tried again until somebody connects it anew or refreshes it.',
}

export const modes: Record<Provider['mode'], string> = {
  client_credentials: 'Client credentials',
  authorization_code: 'Authorization code',
  jwt_bearer: 'JWT bearer',
  two_step: 'Two steps',
  basic: 'User and password',
  api_key: 'API key',
}

/** Whom a connection belongs to, in the words that there are. */
export const whose = ({ end_user: user }: Pick<Connection, 'end_user'>) =>
  [user.display_name || user.id || user.email, user.organization_display_name || user.organization_id].filter(Boolean).join(', ')

export const tagText = (tags: Record<string, string>) => Object.entries(tags).map(([name, value]) => `${name}=${value}`)

/** Reads lines of name=value. A line without = is kept with an empty value, so that the server says what is wrong with it. */
export function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}

/** Reads lines, without empty ones. */
export const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter(Boolean)

/** A flag of the command line, once for each value. */
export const flags = (flag: string, values: readonly string[]) => values.map((value) => ` --${flag} ${arg(value)}`).join('')

