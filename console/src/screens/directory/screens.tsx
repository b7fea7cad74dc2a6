import { PageHeader } from '../../ui/page'

export { Users } from './users'

export { User } from './user'

export { Groups } from './groups'

export { Group } from './group'

export { Populations } from './populations'

export { Roles } from './roles'

export { Invitations } from './invitations'

export const Attributes = () => <PageHeader title="Attributes" />

export const Imports = () => <PageHeader title="Imports" />
