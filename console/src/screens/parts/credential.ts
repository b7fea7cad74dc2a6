import { api, ask } from '../../api/client'
import type { Finding } from '../../api/schema'

/** Disables a credential of any kind. */
export function switchOff(application: string, kind: Finding['kind'], id = '') {
  const at = { params: { path: { application, credential: id } } }
  switch (kind) {
    case 'certificate':
      return ask(api.POST('/applications/{application}/certificates/{credential}/disable', at))
    case 'jwt_key':
      return ask(api.POST('/applications/{application}/jwt-keys/{credential}/disable', at))
    case 'trust':
      return ask(api.POST('/applications/{application}/trusts/{credential}/disable', at))
    default:
      return ask(api.POST('/applications/{application}/secrets/{secret}/disable', { params: { path: { application, secret: id } } }))
  }
}
