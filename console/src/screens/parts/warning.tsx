import { Banner } from '../../ui/banner'

/** What goes with every result that shows a secret. */
export const KeepSecure = () => (
  <Banner kind="warn" title="Keep these credentials secure">
    <p>Take care that they do not end up in code that you share, in a ticket or in a chat. Who has them can do what they may do.</p>
  </Banner>
)

/** Says whether a change has reached every node. */
export const reached = (propagated: boolean) => (propagated ? 'Every node obeys already.' : 'The last nodes follow within 5 seconds.')
