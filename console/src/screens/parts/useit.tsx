import { useState } from 'react'
import { useSession } from '../../api/session'
import { Snippet } from '../../ui/showas'
import { Tabs } from '../../ui/tabs'
import { RunTest } from './runtest'
import { type Ways, waysOf } from './snippets'

/** Where tokens of this environment are fetched, as clients see it. */
export const useTokenURL = () => `${useSession().environment.issuer.replace(/\/$/, '')}/oauth2/token`

/**
 * How a client gets a token, ready to be copied, and a test that gets one. A secret that was just made stands in the lines for as
 * long as whoever made it shows this; otherwise they name the variable that holds it.
 */
export function UseIt({ clientId, scopes, secret, posts = false }: { clientId: string; scopes: readonly string[]; secret?: string; /** Whether the secret must go into the body: the application takes it nowhere else. */ posts?: boolean }) {
  const tokenURL = useTokenURL()
  const [scope, setScope] = useState('')
  const of: Ways = { clientId, tokenURL, secret, scope, posts }
  return (
    <div className="space-y-6">
      <div>
        {scopes.length > 0 && (
          <label className="mb-3 block text-sm">
            Ask for{' '}
            <select value={scope} onChange={(e) => setScope(e.target.value)} className="min-h-9 rounded-lg border border-edge bg-card px-2">
              <option value="">everything that it may have</option>
              {scopes.map((s) => (
                <option key={s}>{s}</option>
              ))}
            </select>
          </label>
        )}
        <Tabs label="Ways to get a token" tabs={waysOf(of).map(({ name, text }) => ({ name, children: <Snippet text={text} what={`the ${name} lines`} /> }))} />
        {!secret && (
          <p className="mt-2 text-sm text-soft">
            <code>CLIENT_SECRET</code> is a variable of your surroundings that holds the secret. It stands in the lines only right after it was made.
          </p>
        )}
      </div>
      <RunTest clientId={clientId} scope={scope} secret={secret} posts={posts} />
    </div>
  )
}
