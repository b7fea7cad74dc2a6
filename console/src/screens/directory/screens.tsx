import { PageHeader } from '../../ui/page'

export { Users } from './users'

export { User } from './user'

export { Groups } from './groups'

export { Group } from './group'

export { Populations } from './populations'

export const Roles = () => <PageHeader title="Roles" />

export const Invitations = () => <PageHeader title="Invitations" />

export const Attributes = () => <PageHeader title="Attributes" />

export const Imports = () => <PageHeader title="Imports" />
