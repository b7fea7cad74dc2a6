import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { Check } from '../../api/schema'
import { FailureBanner, sentence } from '../../ui/banner'
import { Section, Waiting } from '../../ui/page'

const looks = { ok: [CircleCheck, 'Well', 'text-good'], warning: [TriangleAlert, 'Look at this', 'text-warn'], failure: [CircleX, 'Broken', 'text-wrong'] } as const
const graveness = { failure: 0, warning: 1, ok: 2 }

/** How the installation fares: what counterfoil doctor says, looked at anew twice a minute. */
export function Health() {
  const { data, error } = useQuery({ queryKey: ['diagnosis'], queryFn: () => ask(api.GET('/installation/diagnosis')), refetchInterval: 30_000 })
  const all = [...(data?.checks ?? [])].sort((a, b) => graveness[a.status] - graveness[b.status])
  const well = all.filter((check) => check.status === 'ok')
  const amiss = all.filter((check) => check.status !== 'ok')
  return (
    <Section title="Health" lead={data && `Counterfoil ${data.version} on ${data.engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'}.`}>
      <FailureBanner failure={error ? failureOf(error) : undefined} />
      {!data && !error && <Waiting />}
      {data && (
        <>
          <Checks all={amiss} />
          <details className={amiss.length > 0 ? 'mt-3' : undefined} open={amiss.length === 0}>
            <summary className="w-fit cursor-pointer text-soft">
              {well.length} of {all.length} checks are well
            </summary>
            <div className="mt-2">
              <Checks all={well} />
            </div>
          </details>
        </>
      )}
    </Section>
  )
}

const Checks = ({ all }: { all: readonly Check[] }) => (
  <ul className="space-y-2.5">
    {all.map(({ name, status, detail, remedy }) => {
      const [Icon, words, look] = looks[status]
      return (
        <li key={name} className="flex gap-3">
          <Icon role="img" aria-label={words} className={`mt-0.5 size-5 shrink-0 ${look}`} />
          <div className="min-w-0">
            <span className="font-semibold">{sentence(name)}</span>: <span className="break-words">{detail}</span>
            {remedy && <span className="block break-words text-soft">{sentence(remedy)}</span>}
          </div>
        </li>
      )
    })}
  </ul>
)
