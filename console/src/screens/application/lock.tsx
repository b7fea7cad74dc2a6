import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Countdown } from '../../ui/time'

const soon = 15_000

/** The state of an application's logons. A lock ends by itself, without an event: so it is asked for again. */
export const useLock = (clientId: string) =>
  useQuery({
    queryKey: ['applications', clientId, 'lock'],
    queryFn: () => ask(api.GET('/applications/{application}/lock', { params: { path: { application: clientId } } })),
    refetchInterval: ({ state: { data } }) => (data?.locked ? Math.min(data.seconds_left * 1_000 + 500, soon) : false),
  })

/** Lifts every lock of an application. */
export function useUnlock(clientId: string) {
  const queries = useQueryClient()
  return useAction(async () => {
    const done = await ask(api.POST('/applications/{application}/unlock', { params: { path: { application: clientId } } }))
    announce('Unlocked. It may authenticate with its secrets again.')
    await queries.invalidateQueries({ queryKey: ['applications'] })
    return done
  })
}

/** Says that a client id is locked, counts down to the end of the lock, and lifts it. Nothing while it is not. */
export function ClientLock({ clientId }: { clientId: string }) {
  const may = useMay()
  const { data: lock } = useLock(clientId)
  const { run, busy, failure } = useUnlock(clientId)
  if (!lock?.locked || !lock.locked_until) return <FailureBanner failure={failure} />
  return (
    <div className="mb-6 space-y-3">
      <Banner
        kind="warn"
        title={
          <>
            The client ID is locked for another <Countdown to={lock.locked_until} />
          </>
        }
      >
        <p>It takes no secrets meanwhile, wherever they come from. Its tokens, certificates and JWT keys go on working.</p>
        {may('credentials:write') && (
          <Button className="mt-2" busy={busy} onClick={() => run()}>
            Unlock
          </Button>
        )}
      </Banner>
      <FailureBanner failure={failure} />
    </div>
  )
}
