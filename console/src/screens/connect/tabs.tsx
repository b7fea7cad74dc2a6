import type { ReactNode } from 'react'
import { PageHeader } from '../../ui/page'
import { TabLinks } from '../../ui/tabs'

/** The top of the four lists. */
export const Head = ({ actions }: { actions?: ReactNode }) => (
  <>
    <PageHeader title="Connect" lead="Credentials of your customers for other systems: they enter them once, on a page that a link leads to, and your programs get tokens." actions={actions} />
    <TabLinks
      label="Connect"
      tabs={[
        { to: '/connect/connections', children: 'Connections' },
        { to: '/connect/connectors', children: 'Connectors' },
        { to: '/connect/providers', children: 'Providers' },
        { to: '/connect/links', children: 'Links' },
      ]}
    />
  </>
)
