import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Session, User } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Section } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { reached } from '../parts/warning'
import { called } from './person'

const browsers = [['Edg', 'Edge'], ['OPR', 'Opera'], ['Firefox', 'Firefox'], ['Chrome', 'Chrome'], ['Safari', 'Safari']] as const
const systems = [['Windows', 'Windows'], ['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Mac OS X', 'macOS'], ['Linux', 'Linux']] as const

/** A browser in few words. Browsers name those that they resemble, too: the most particular name comes first. */
function browserOf(agent = '') {
  const [browser, system] = [browsers, systems].map((all) => all.find(([mark]) => agent.includes(mark))?.[1])
  if (!browser) return agent || 'Unknown browser'
  return system ? `${browser} on ${system}` : browser
}

type Ending = Session | 'all'

/** The browsers in which a person is signed in. */
export function Sessions({ user, tell }: { user: User; tell: (text: string) => void }) {
  const mayEnd = useMay()('sessions:write')
  const [ending, setEnding] = useState<Ending>()
  const query = useInfiniteQuery({
    queryKey: ['user', user.id, 'sessions'],
    queryFn: ({ pageParam }) => ask(api.GET('/users/{user}/sessions', { params: { path: { user: user.id }, query: { cursor: pageParam } } })),
    ...paged,
  })
  const name = called(user)
  const none = query.data?.pages[0]?.items.length === 0
  return (
    <Section title="Sessions" lead="The browsers in which the person is signed in." actions={mayEnd && !none && <Button onClick={() => setEnding('all')}>End all sessions of {name}</Button>}>
      <List
        query={query}
        caption={`Sessions of ${name}`}
        rowKey={(one) => one.id}
        empty={<p className="text-soft">Signed in nowhere.</p>}
        columns={[
          {
            name: 'Browser',
            always: true,
            cell: (one) => (
              <>
                <span title={one.user_agent}>{browserOf(one.user_agent)}</span> {one.current && <Badge kind="good">This browser</Badge>}
              </>
            ),
          },
          { name: 'Address', always: true, cell: (one) => one.address },
          { name: 'Since', cell: (one) => <Time at={one.created_at} /> },
          { name: 'Last seen', cell: (one) => <Time at={one.last_seen_at} /> },
          { name: 'Ends if unused', cell: (one) => <Time at={one.expires_at} /> },
          {
            name: <span className="sr-only">Actions</span>,
            always: true,
            end: true,
            cell: (one) =>
              mayEnd && (
                <Button look="danger" aria-label={`End the session in ${browserOf(one.user_agent)} at ${one.address}`} onClick={() => setEnding(one)}>
                  End
                </Button>
              ),
          },
        ]}
      />
      {ending && <End {...{ user, ending, tell }} onClose={() => setEnding(undefined)} />}
    </Section>
  )
}

function End({ user, ending, tell, onClose }: { user: User; ending: Ending; tell: (text: string) => void; onClose: () => void }) {
  const all = ending === 'all'
  const path = all ? `/users/${user.id}/sessions` : `/users/${user.id}/sessions/${ending.id}`
  const { run, busy, failure } = useAction(() =>
    ask(
      all
        ? api.DELETE('/users/{user}/sessions', { params: { path: { user: user.id } } })
        : api.DELETE('/users/{user}/sessions/{session}', { params: { path: { user: user.id, session: ending.id } } }),
    ),
  )
  return (
    <Confirm
      open
      onClose={onClose}
      title={all ? `End all sessions of ${called(user)}?` : 'End this session?'}
      verb={all ? 'End all sessions' : 'End session'}
      busy={busy}
      failure={failure}
      onConfirm={async () => {
        const done = await run()
        if (!done) return
        onClose()
        tell(`${all ? `${called(user)} is signed out everywhere.` : 'The session is ended.'} ${reached(done.propagated)}`)
      }}
    >
      <p>{all ? 'The person is signed out everywhere, and links that were mailed to it die. It may sign in again.' : `${called(user)} is signed out of ${browserOf(ending.user_agent)} and may sign in again.`}</p>
      {!all && ending.current && <p className="mt-2 font-semibold">It is the one in which you are reading this.</p>}
      <ShowAs
        asked={{
          method: 'DELETE',
          path,
          cli: `user session end ${user.id} ${all ? '--all' : ending.id}`,
          go: all ? `_, err := c.EndSessions(ctx, "${user.id}")` : `_, err := c.EndSession(ctx, "${user.id}", "${ending.id}")`,
        }}
      />
    </Confirm>
  )
}
