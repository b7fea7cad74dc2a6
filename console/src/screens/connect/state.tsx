import { PowerOff, TriangleAlert } from 'lucide-react'
import type { Connection } from '../../api/schema'
import { Badge, StateBadge } from '../../ui/badge'
import { sentence } from '../../ui/banner'
import { stageWords } from './words'

/** How a connection fares, with the step at which it fails. */
export function ConnectionState({ one }: { one: Connection }) {
  return (
    <span className="inline-flex flex-col items-start gap-1">
      <span className="flex flex-wrap gap-1">
        {!one.enabled && (
          <Badge icon={PowerOff} title="Nothing of it is handed out or passed on">
            Switched off
          </Badge>
        )}
        <StateBadge state={one.state} />
        {one.state === 'healthy' && one.warning && (
          <Badge kind="warn" icon={TriangleAlert} title={one.warning}>
            With a warning
          </Badge>
        )}
      </span>
      {one.state !== 'healthy' && one.stage && <span className="text-sm text-soft">{sentence(stageWords(one.stage))}</span>}
    </span>
  )
}
