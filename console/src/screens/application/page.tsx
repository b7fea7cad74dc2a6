import { useQuery } from '@tanstack/react-query'
import { type LinkProps, useParams } from '@tanstack/react-router'
import type { ComponentProps, ReactNode } from 'react'
import { api, askTagged } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Application } from '../../api/schema'
import { useMay, useSession, Withheld } from '../../api/session'
import { Badge, StateBadge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { ButtonLink } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Empty, PageHeader, Waiting } from '../../ui/page'
import { TabLinks } from '../../ui/tabs'
import { kindName } from '../parts/kinds'
import { ClientLock } from './lock'

/** An application and its version, which a change names in If-Match. */
export type Held = { data: Application; tag: string }

/** Reads an application with its version. */
export const readApplication = (clientId: string): Promise<Held> => askTagged(api.GET('/applications/{application}', { params: { path: { application: clientId } } }))

/** The query of one application; what belongs to it has keys that begin so, and is asked for again with it. */
export const applicationQuery = (clientId: string) => ({ queryKey: ['applications', clientId], queryFn: () => readApplication(clientId) })

// Pairs are handled by administrators only, in whatever place.
const handling = ['applications:write', 'credentials:write', 'credentials:reveal']

/** What is around every tab of an application: its name, state and client ID, a lock that is there, and the tabs. */
export function ApplicationPage({ children }: { children: (application: Application, held: Held) => ReactNode }) {
  const { application: clientId = '' } = useParams({ strict: false })
  const { administrator } = useSession()
  const { data: held, error, isPending } = useQuery(applicationQuery(clientId))
  if (isPending) {
    return (
      <>
        <PageHeader title="Application" />
        <Waiting lines={5} />
      </>
    )
  }
  if (!held) return <Missing error={error} />
  const { data } = held
  return (
    <Withheld value={data.kind === 'pair' && !administrator ? handling : []}>
      <PageHeader
        title={data.name}
        badges={
          <>
            <StateBadge state={data.enabled ? 'enabled' : 'disabled'} />
            <Badge>{kindName(data.kind)}</Badge>
          </>
        }
        lead={<Copied text={data.client_id} what="the client ID" />}
      />
      <ClientLock clientId={data.client_id} />
      <Tabs clientId={data.client_id} />
      {children(data, held)}
    </Withheld>
  )
}

function Tabs({ clientId }: { clientId: string }) {
  const may = useMay()
  const params = { application: clientId }
  const credentials: LinkProps[] = may('credentials:read') ? [{ to: '/applications/$application/credentials', params, children: 'Credentials' }] : []
  const history: LinkProps[] = may('ledger:read') ? [{ to: '/applications/$application/history', params, children: 'History' }] : []
  const tabs: LinkProps[] = [
    { to: '/applications/$application', params, children: 'Overview' },
    ...credentials,
    { to: '/applications/$application/access', params, children: 'Access' },
    { to: '/applications/$application/use', params, children: 'Use it' },
    { to: '/applications/$application/usage', params, children: 'Usage' },
    ...history,
    { to: '/applications/$application/settings', params, children: 'Settings' },
  ]
  return <TabLinks label="Parts of the application" tabs={tabs as ComponentProps<typeof TabLinks>['tabs']} />
}

function Missing({ error }: { error: unknown }) {
  const failure = failureOf(error)
  return (
    <>
      <PageHeader title="Application" />
      {failure.status === 404 ? (
        <Empty title="There is no such application" action={<ButtonLink to="/applications">To the applications</ButtonLink>} command="counterfoil app list">
          It was deleted, or the address is wrong.
        </Empty>
      ) : (
        <FailureBanner failure={failure} />
      )}
    </>
  )
}
