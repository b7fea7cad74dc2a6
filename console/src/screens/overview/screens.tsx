import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, Circle } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { root } from '../../api/client'
import { overviewQuery } from '../../api/overview'
import { failureOf } from '../../api/problem'
import type { Overview as All, SetupStep } from '../../api/schema'
import { useMay, useSession } from '../../api/session'
import { FailureBanner, sentence } from '../../ui/banner'
import { Button } from '../../ui/button'
import { cx } from '../../ui/class'
import { PageHeader, Section, Waiting } from '../../ui/page'
import { UsageChart } from '../parts/usage'
import { Expiries } from './expiries'
import { Health } from './health'

/** The first screen: is everything well, and what comes next. */
export function Overview() {
  const may = useMay()
  const { environment } = useSession()
  const { data, error } = useQuery(overviewQuery)
  return (
    <>
      <PageHeader title="Overview" lead={`What ${environment.name} needs from you now.`} />
      <FailureBanner failure={error ? failureOf(error) : undefined} />
      {!data && !error && <Waiting lines={6} />}
      {data && (
        <>
          <Checklist steps={data.checklist} />
          <Numbers counts={data.counts} />
        </>
      )}
      {/* What is above it is not known yet: it would be pushed away under the eyes of whoever reads it. */}
      <div hidden={!data && !error}>
        {may('installation:read') && <Health />}
        {may('credentials:read') && (
          <>
            <Section title="Uses">
              <UsageChart of={{}} title="Uses of credentials by outcome" rates />
            </Section>
            <Section title="What expires in the next 90 days">
              <Expiries />
            </Section>
          </>
        )}
      </div>
    </>
  )
}

const dismissed = 'checklist-dismissed'

function Checklist({ steps: all }: { steps: readonly SetupStep[] }) {
  const [hidden, setHidden] = useState(() => localStorage.getItem(dismissed) === 'yes')
  const open = all.filter((s) => !s.done)
  if (hidden || open.length === 0) return null
  return (
    <Section
      title="Set-up"
      lead={`${all.length - open.length} of ${all.length} steps are done.`}
      actions={
        <Button
          onClick={() => {
            localStorage.setItem(dismissed, 'yes')
            setHidden(true)
          }}
        >
          Hide
        </Button>
      }
    >
      <ul className="space-y-2.5">
        {all.map(({ step, done, hint }) => (
          <li key={step} className="flex gap-3">
            {done ? <CircleCheck role="img" aria-label="Done" className="mt-0.5 size-5 shrink-0 text-good" /> : <Circle role="img" aria-label="To do" className="mt-0.5 size-5 shrink-0 text-soft" />}
            <div>
              <StepLink step={step} done={done} />
              {!done && <span className="block text-soft">{sentence(hint)}</span>}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

type Place = { to: string; /** Opens the form there, as long as it is to be done. */ make?: boolean } | { /** A part of the documentation: it is done where the server runs. */ docs: string }

const steps: Record<SetupStep['step'], Place & { title: string }> = {
  tls: { title: 'Encrypted connections', docs: 'configuration#tls' },
  root_key: { title: 'A copy of the root key', docs: 'configuration#root-key' },
  second_administrator: { title: 'A second administrator', to: '/directory/users' },
  application: { title: 'A first application', to: '/applications', make: true },
  expiry: { title: 'A credential that ends', to: '/applications' },
  mail_server: { title: 'A mail server', docs: 'configuration#mail' },
  notice_address: { title: 'An address for notices', to: '/settings/mail' },
  webhook: { title: 'A webhook', to: '/webhooks', make: true },
}

/** The name of a step, which leads to where it is done. */
function StepLink({ step, done }: { step: SetupStep['step']; done: boolean }) {
  const place = steps[step]
  const look = cx('font-semibold underline underline-offset-4', done && 'text-soft')
  if ('docs' in place) {
    return (
      <a href={`${root}/docs/${place.docs}`} target="_blank" rel="noreferrer" className={look}>
        {place.title}
        <span className="font-normal"> (documentation)</span>
      </a>
    )
  }
  return (
    <Link to={place.to as '/'} search={place.make && !done ? { new: '' } : {}} className={look}>
      {place.title}
    </Link>
  )
}

const number = new Intl.NumberFormat('en')

function Numbers({ counts }: { counts: All['counts'] }) {
  const connections = counts.connections
  const findings = counts.hygiene && Object.values(counts.hygiene).reduce((sum, n) => sum + n, 0)
  return (
    <div className="mb-6 grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
      <Tile name="Locked clients" value={counts.locked_clients} to="/applications" search={{ locked: 'yes' }} bad />
      <Tile name="Failing connections" value={connections && connections.failing + connections.exhausted} of={connections && connections.healthy + connections.failing + connections.exhausted} to="/connect/connections" search={{ state: 'failing' }} bad />
      <Tile name="Expire within 30 days" value={counts.expiring_30d} to="/applications" search={{ expiring: '30d' }} warn />
      <Tile name="Failing webhooks" value={counts.webhooks_failing} to="/webhooks" bad />
      <Tile name="Applications" value={counts.applications} to="/applications" note={counts.applications_disabled ? `${number.format(counts.applications_disabled)} disabled` : undefined} />
      <Tile name="Credentials" value={counts.credentials} to="/applications" note={counts.expired ? `${number.format(counts.expired)} expired` : undefined} />
      <Tile name="Users" value={counts.users} more={counts.users_more} to="/directory/users" />
      <Tile name="Hygiene findings" value={findings} to="/hygiene" warn />
    </div>
  )
}

function Tile({ name, value, of, more, note, bad, warn, to, search }: { name: string; value?: number; of?: number; more?: boolean; note?: ReactNode; bad?: boolean; warn?: boolean; to: string; search?: Record<string, string> }) {
  if (value === undefined) return null
  const alarm = value > 0 && (bad ? 'border-wrong bg-blush' : warn && 'border-warn bg-sand')
  return (
    <Link to={to as '/'} search={search} className={cx('block rounded-xl border p-4 hover:border-accent', alarm || 'border-line bg-card')}>
      <span className="block text-sm text-soft">{name}</span>
      <span className="text-2xl font-semibold tabular-nums">
        {number.format(value)}
        {more && '+'}
        {of !== undefined && <span className="text-base font-normal text-soft"> of {number.format(of)}</span>}
      </span>
      {note && <span className="block text-sm text-soft">{note}</span>}
    </Link>
  )
}
