import { PageHeader } from '../../ui/page'

export const Connections = () => <PageHeader title="Connections" />

export const Connection = () => <PageHeader title="Connection" />

export const Connectors = () => <PageHeader title="Connectors" />

export const Providers = () => <PageHeader title="Providers" />

export const Links = () => <PageHeader title="Links" />
