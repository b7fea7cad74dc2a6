import { PageHeader } from '../../ui/page'

export const Overview = () => <PageHeader title="Overview" />
