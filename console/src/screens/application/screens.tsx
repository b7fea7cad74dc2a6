// One export for each address of routes.tsx; each tab has a file of its own.
export { ApplicationAccess } from './access'
export { ApplicationCredentials } from './credentials'
export { ApplicationHistory } from './history'
export { ApplicationOverview } from './overview'
export { ApplicationSettings } from './settings'
export { ApplicationUsage } from './usage'
export { ApplicationUse } from './use'
