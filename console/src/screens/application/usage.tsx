import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Application } from '../../api/schema'
import { useMay } from '../../api/session'
import { FailureBanner } from '../../ui/banner'
import { Empty, Section, Waiting } from '../../ui/page'
import { Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { UsageChart } from '../parts/usage'
import { ApplicationPage } from './page'

/** How often an application was let in and how often not, and why not. */
export const ApplicationUsage = () => (
  <ApplicationPage>
    {(application) => (
      <>
        <Uses application={application} />
        <Refusals application={application} />
      </>
    )}
  </ApplicationPage>
)

function Uses({ application }: { application: Application }) {
  const may = useMay()
  if (!may('credentials:read')) return null
  return (
    <Section title="Uses of its credentials" lead="A use is one that proved who the client is: at the token endpoint, or at an API that takes credentials.">
      <UsageChart of={{ application: application.client_id }} title={`Uses of ${application.name}`} />
      <p className="mt-3 text-sm text-soft">
        In a terminal: <code className="font-mono text-ink">counterfoil usage {application.client_id} --hours 168</code>
      </p>
    </Section>
  )
}

function Refusals({ application }: { application: Application }) {
  const { data, error, isPending } = useQuery({
    queryKey: ['applications', application.client_id, 'refusals'],
    queryFn: () => ask(api.GET('/applications/{application}/refusals', { params: { path: { application: application.client_id } } })),
  })
  return (
    <Section title="Refused requests" lead="The latest 20 of the last 90 days, up to 30 seconds late.">
      {isPending && <Waiting />}
      {error && <FailureBanner failure={failureOf(error)} />}
      {data && data.items.length === 0 && <Empty title="Nothing was refused" command={`counterfoil app refusals ${application.client_id}`} />}
      {data && data.items.length > 0 && (
        <Table
          rows={data.items.map((refusal, i) => ({ ...refusal, i }))}
          rowKey={({ at, i }) => `${at}-${i}`}
          caption="Refused requests"
          columns={[
            { name: 'When', always: true, cell: ({ at }) => <Time at={at} /> },
            {
              name: 'Why',
              always: true,
              cell: ({ reason, detail }) => (
                <>
                  <span className="font-semibold">{words(reason)}</span>
                  {detail && <p className="text-sm text-soft">{detail}</p>}
                </>
              ),
            },
            { name: 'Method', cell: ({ method }) => <code className="font-mono text-sm">{method}</code> },
            { name: 'From', cell: ({ address }) => address || <span className="text-soft">No address</span> },
            { name: 'Credential', cell: ({ credential_id: id }) => (id ? <code className="font-mono text-sm break-all">{id}</code> : <span className="text-soft">No right one</span>) },
          ]}
        />
      )}
    </Section>
  )
}

const words = (reason: string) => {
  const text = reason.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
