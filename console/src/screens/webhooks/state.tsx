import { Hourglass } from 'lucide-react'
import type { Webhook } from '../../api/schema'
import { Badge, StateBadge } from '../../ui/badge'
import { ago, useNow } from '../../ui/time'

/** Whether a webhook sends, and why not. */
export function WebhookState({ one }: { one: Webhook }) {
  const now = useNow()
  const paused = one.enabled && one.paused_until && Date.parse(one.paused_until) > now
  if (paused) {
    return (
      <Badge kind="warn" icon={Hourglass}>
        Goes on {ago(Date.parse(one.paused_until!), now)}
      </Badge>
    )
  }
  return <StateBadge state={!one.enabled ? 'disabled' : one.failures > 0 ? 'failing' : 'active'} />
}
