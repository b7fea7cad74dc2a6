import { PageHeader } from '../../ui/page'
import { TabLinks } from '../../ui/tabs'

export const Head = () => (
  <>
    <PageHeader title="Tokens & keys" lead="What a token says, whether it would be accepted, and the keys that sign tokens." />
    <TabLinks
      label="Tokens and keys"
      tabs={[
        { to: '/tokens/inspect', children: 'Inspect a token' },
        { to: '/tokens/keys', children: 'Signing keys' },
      ]}
    />
  </>
)
