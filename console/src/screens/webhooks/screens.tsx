import { PageHeader } from '../../ui/page'

export const Webhooks = () => <PageHeader title="Webhooks" />

export const Webhook = () => <PageHeader title="Webhook" />
