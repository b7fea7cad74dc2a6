// Every address of the console. A screen is fetched when somebody goes there.
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { root as home } from './api/client'
import { failureOf } from './api/problem'
import { sessionQuery } from './api/session'
import { Shell } from './shell/shell'
import { FailureBanner } from './ui/banner'
import { ButtonLink } from './ui/button'
import { Empty, PageHeader, Waiting } from './ui/page'

/** What stands after the question mark: filters of a list, so that a list can be sent to a colleague. Never a secret. */
export type Filters = Record<string, string | undefined>

/** What opens a dialog says something also when nothing stands behind it. */
const opening = ['new', 'rotate', 'verify']

const filters = (search: Record<string, unknown>): Filters =>
  Object.fromEntries(Object.entries(search).flatMap(([name, value]) => (value === undefined || (value === '' && !opening.includes(name)) ? [] : [[name, String(value)]])))

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  loader: ({ context }) => context.queries.ensureQueryData(sessionQuery),
  component: Shell,
  validateSearch: filters,
  pendingComponent: () => <p className="loading">Loading …</p>,
  errorComponent: ({ error }) => (
    <div className="p-6">
      <FailureBanner failure={failureOf(error)} />
    </div>
  ),
  notFoundComponent: () => (
    <>
    <PageHeader title="Not found" />
    <Empty title="There is nothing here" action={<ButtonLink to="/">To the overview</ButtonLink>}>
      The address may be wrong, or what was here is deleted.
    </Empty>
    </>
  ),
})

type Screens = Record<string, React.ComponentType | unknown>

/** A screen at an address: one export of a module that is fetched then. */
function screen<P extends string>(path: P, load: () => Promise<Screens>, name: string) {
  return createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load as () => Promise<Record<string, () => React.ReactNode>>, name) })
}

/** An address that leads on to the first of several screens. */
function away<P extends string>(path: P, to: string) {
  return createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: () => {
      throw redirect({ to: to as '/' })
    },
  })
}

const applications = () => import('./screens/applications/screens')
const application = () => import('./screens/application/screens')
const pairs = () => import('./screens/pairs/screens')
const integration = () => import('./screens/integration/screens')
const directory = () => import('./screens/directory/screens')
const connect = () => import('./screens/connect/screens')
const tokens = () => import('./screens/tokens/screens')
const webhooks = () => import('./screens/webhooks/screens')
const ledger = () => import('./screens/ledger/screens')
const hygiene = () => import('./screens/hygiene/screens')
const settings = () => import('./screens/settings/screens')
const overview = () => import('./screens/overview/screens')

const tree = root.addChildren([
  screen('/', overview, 'Overview'),
  screen('/applications', applications, 'Applications'),
  screen('/applications/$application', application, 'ApplicationOverview'),
  screen('/applications/$application/credentials', application, 'ApplicationCredentials'),
  screen('/applications/$application/access', application, 'ApplicationAccess'),
  screen('/applications/$application/use', application, 'ApplicationUse'),
  screen('/applications/$application/usage', application, 'ApplicationUsage'),
  screen('/applications/$application/history', application, 'ApplicationHistory'),
  screen('/applications/$application/settings', application, 'ApplicationSettings'),
  screen('/api-credentials', pairs, 'ApiCredentials'),
  away('/integration', '/integration/global'),
  screen('/integration/global', integration, 'GlobalCredentials'),
  screen('/integration/applications', integration, 'ApplicationCredentials'),
  screen('/integration/connections', integration, 'ConnectionCredentials'),
  away('/directory', '/directory/users'),
  screen('/directory/users', directory, 'Users'),
  screen('/directory/users/$user', directory, 'User'),
  screen('/directory/groups', directory, 'Groups'),
  screen('/directory/groups/$group', directory, 'Group'),
  screen('/directory/populations', directory, 'Populations'),
  screen('/directory/roles', directory, 'Roles'),
  screen('/directory/invitations', directory, 'Invitations'),
  screen('/directory/attributes', directory, 'Attributes'),
  screen('/directory/imports', directory, 'Imports'),
  away('/connect', '/connect/connections'),
  screen('/connect/connections', connect, 'Connections'),
  screen('/connect/connections/$connection', connect, 'Connection'),
  screen('/connect/connectors', connect, 'Connectors'),
  screen('/connect/providers', connect, 'Providers'),
  screen('/connect/links', connect, 'Links'),
  away('/tokens', '/tokens/inspect'),
  screen('/tokens/inspect', tokens, 'Inspect'),
  screen('/tokens/keys', tokens, 'SigningKeys'),
  screen('/webhooks', webhooks, 'Webhooks'),
  screen('/webhooks/$webhook', webhooks, 'Webhook'),
  screen('/ledger', ledger, 'Ledger'),
  screen('/hygiene', hygiene, 'Hygiene'),
  away('/settings', '/settings/environment'),
  screen('/settings/environment', settings, 'EnvironmentSettings'),
  screen('/settings/policies', settings, 'Policies'),
  screen('/settings/apis', settings, 'APIs'),
  screen('/settings/authorities', settings, 'Authorities'),
  screen('/settings/mail', settings, 'MailSettings'),
  screen('/settings/environments', settings, 'Environments'),
])

/** Makes the router. It lives under the environment's segment, where the page does. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: `${home}/console`,
    context: { queries },
    defaultPendingComponent: () => <Waiting />,
    defaultErrorComponent: ({ error }) => <FailureBanner failure={failureOf(error)} />,
    defaultPreload: 'intent',
    // Another thing is another screen: nothing that was typed or asked about one may stand on the next.
    defaultRemountDeps: ({ params }) => params,
    scrollRestoration: true,
    trailingSlash: 'preserve',
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
