import { PageHeader } from '../../ui/page'

export const Applications = () => <PageHeader title="Applications" />
