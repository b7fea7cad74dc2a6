import { PageHeader } from '../../ui/page'

export const ApiCredentials = () => <PageHeader title="ApiCredentials" />
