import { PageHeader } from '../../ui/page'

export const EnvironmentSettings = () => <PageHeader title="EnvironmentSettings" />

export const Policies = () => <PageHeader title="Policies" />

export const APIs = () => <PageHeader title="APIs" />

export const Authorities = () => <PageHeader title="Authorities" />

export const MailSettings = () => <PageHeader title="MailSettings" />

export const Environments = () => <PageHeader title="Environments" />
