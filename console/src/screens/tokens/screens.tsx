export { Inspect } from './inspect'
export { SigningKeys } from './keys'
