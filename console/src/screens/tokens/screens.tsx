import { PageHeader } from '../../ui/page'

export const Inspect = () => <PageHeader title="Inspect" />

export const SigningKeys = () => <PageHeader title="SigningKeys" />
