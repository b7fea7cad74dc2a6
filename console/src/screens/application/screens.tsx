import { PageHeader } from '../../ui/page'

export const ApplicationOverview = () => <PageHeader title="ApplicationOverview" />

export const ApplicationCredentials = () => <PageHeader title="ApplicationCredentials" />

export const ApplicationAccess = () => <PageHeader title="ApplicationAccess" />

export const ApplicationUse = () => <PageHeader title="ApplicationUse" />

export const ApplicationUsage = () => <PageHeader title="ApplicationUsage" />

export const ApplicationHistory = () => <PageHeader title="ApplicationHistory" />

export const ApplicationSettings = () => <PageHeader title="ApplicationSettings" />
