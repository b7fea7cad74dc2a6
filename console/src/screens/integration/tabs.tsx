import { PageHeader } from '../../ui/page'
import { TabLinks } from '../../ui/tabs'

/** The top of the three screens. */
export const Head = () => (
  <>
    <PageHeader title="Integration" lead="What your customers' systems use to exchange a sign-in for a person's attributes, and to manage connections. Separate credentials for each application are the safer way." />
    <TabLinks
      label="Integration"
      tabs={[
        { to: '/integration/global', children: 'Global Credentials' },
        { to: '/integration/applications', children: 'Application Credentials' },
        { to: '/integration/connections', children: 'Connection API Credentials' },
      ]}
    />
  </>
)
