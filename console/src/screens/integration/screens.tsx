import { PageHeader } from '../../ui/page'

export const GlobalCredentials = () => <PageHeader title="GlobalCredentials" />

export const ApplicationCredentials = () => <PageHeader title="ApplicationCredentials" />

export const ConnectionCredentials = () => <PageHeader title="ConnectionCredentials" />
