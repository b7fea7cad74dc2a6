import { useMay, useSession } from '../../api/session'
import { PageHeader } from '../../ui/page'
import { TabLinks } from '../../ui/tabs'

/** The top of the settings. */
export function Head() {
  const may = useMay()
  const { environment } = useSession()
  return (
    <>
      <PageHeader title="Settings" lead={`What holds for all of ${environment.name}.`} />
      <TabLinks
        label="Settings"
        tabs={[
          { to: '/settings/environment', children: 'Environment' },
          ...(may('policy:read') ? [{ to: '/settings/policies' as const, children: 'Policies' }] : []),
          ...(may('apis:read') ? [{ to: '/settings/apis' as const, children: 'APIs' }] : []),
          ...(may('credentials:read') ? [{ to: '/settings/authorities' as const, children: 'Certificate authorities' }] : []),
          ...(may('webhooks:read') ? [{ to: '/settings/mail' as const, children: 'Mail' }] : []),
          ...(environment.default && may('environments:read') ? [{ to: '/settings/environments' as const, children: 'All environments' }] : []),
        ]}
      />
    </>
  )
}
