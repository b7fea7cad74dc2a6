import { PageHeader } from '../../ui/page'

export const Hygiene = () => <PageHeader title="Hygiene" />
