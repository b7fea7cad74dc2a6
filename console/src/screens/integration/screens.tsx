export { GlobalCredentials } from './global'
export { ApplicationCredentials, ConnectionCredentials } from './separate'
