import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, ask, root } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Connection, ConnectionCaller } from '../../api/schema'
import { FailureBanner } from '../../ui/banner'
import { Copied } from '../../ui/copy'
import { Fact, Facts, Section, Waiting } from '../../ui/page'
import { Snippet } from '../../ui/showas'
import { Table } from '../../ui/table'
import { Tabs } from '../../ui/tabs'
import { Time } from '../../ui/time'

export const callersQuery = (id: string) => ({ queryKey: ['connections', 'callers', id], queryFn: () => ask(api.GET('/connect/connections/{connection}/callers', { params: { path: { connection: id } } })) })

/** Who has used a connection. A program that nobody expected stands out here. */
export function Callers({ id }: { id: string }) {
  const { data, error } = useQuery(callersQuery(id))
  return (
    <Section title="Callers" lead="The applications that have used it.">
      {error && <FailureBanner failure={failureOf(error)} />}
      {!data && !error && <Waiting lines={2} />}
      {data?.items.length === 0 && <p className="text-soft">No application has used it yet.</p>}
      {data && data.items.length > 0 && (
        <Table<ConnectionCaller>
          rows={data.items}
          rowKey={(caller) => caller.application}
          caption="Callers"
          columns={[
            {
              name: 'Application',
              always: true,
              cell: (caller) => (
                <Link to="/applications/$application" params={{ application: caller.application }} className="font-mono text-sm break-all underline">
                  {caller.application}
                </Link>
              ),
            },
            { name: 'Came first', always: true, cell: (caller) => <Time at={caller.first_at} /> },
          ]}
        />
      )}
    </Section>
  )
}

/** How programs use a connection: through the proxy, without a token of the provider's, or with one. */
export function Use({ one }: { one: Connection }) {
  const base = `${location.origin}${root}`
  const ways = [
    { name: 'curl', text: `curl '${base}/connect/proxy/' \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H 'Counterfoil-Connection: ${one.id}'` },
    { name: 'CLI', text: `counterfoil connect proxy ${one.id} GET /` },
    { name: 'Token', text: `curl '${base}/api/v1/connect/connections/${one.id}/token' \\\n  -H "Authorization: Bearer $TOKEN"` },
  ]
  return (
    <Section title="Use it" lead="Programs call the provider's API through the proxy, which adds the token. What comes after the base URL is the path at the provider. They need connections:use.">
      <Facts>
        <Fact name="Proxy base URL">
          <Copied text={`${base}/connect/proxy`} what="the proxy base URL" />
        </Fact>
        <Fact name="Header">
          <Copied text={`Counterfoil-Connection: ${one.id}`} what="the header" />
        </Fact>
      </Facts>
      <div className="mt-4">
        <Tabs label="Ways to use it" tabs={ways.map(({ name, text }) => ({ name, children: <Snippet text={text} what={`the ${name} form`} /> }))} />
      </div>
    </Section>
  )
}
