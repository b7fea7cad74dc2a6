import { PageHeader } from '../../ui/page'

export { Users } from './users'

export { User } from './user'

export const Groups = () => <PageHeader title="Groups" />

export const Group = () => <PageHeader title="Group" />

export const Populations = () => <PageHeader title="Populations" />

export const Roles = () => <PageHeader title="Roles" />

export const Invitations = () => <PageHeader title="Invitations" />

export const Attributes = () => <PageHeader title="Attributes" />

export const Imports = () => <PageHeader title="Imports" />
