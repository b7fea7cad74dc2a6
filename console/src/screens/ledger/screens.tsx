import { PageHeader } from '../../ui/page'

export const Ledger = () => <PageHeader title="Ledger" />
