import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import { overviewQuery } from '../../api/overview'
import { Twin } from '../../ui/chart'
import { cx } from '../../ui/class'

const parts = [
  ['healthy', 'Healthy', 'bg-good'],
  ['failing', 'Failing', 'bg-warn'],
  ['exhausted', 'Given up', 'bg-wrong'],
] as const

const number = new Intl.NumberFormat('en')

/** How all connections fare, as one bar; the same numbers in a table below. Nothing where there are none. */
export function Health() {
  const id = useId()
  const { data } = useQuery(overviewQuery)
  const counts = data?.counts.connections
  const all = counts ? counts.healthy + counts.failing + counts.exhausted : 0
  if (!counts || all === 0) return null
  const words = parts.map(([state, name]) => `${number.format(counts[state])} ${name.toLowerCase()}`).join(', ')
  return (
    <figure aria-labelledby={id} className="mb-6 rounded-xl border border-line bg-card p-4">
      <figcaption id={id} className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-semibold">Connection health</span>
        <span className="flex flex-wrap gap-x-4 text-sm text-soft">
          {parts.map(([state, name, look]) => (
            <span key={state} className="inline-flex items-center gap-1.5">
              <span aria-hidden="true" className={cx('size-2.5 rounded-sm', look)} />
              {name} {number.format(counts[state])}
            </span>
          ))}
        </span>
      </figcaption>
      <div role="img" aria-label={`Of ${number.format(all)} connections: ${words}`} className="flex h-5 gap-0.5 overflow-hidden rounded bg-line">
        {parts.map(([state, name, look]) => counts[state] > 0 && <div key={state} title={`${name}: ${number.format(counts[state])}`} className={look} style={{ flexGrow: counts[state], minWidth: '4px' }} />)}
      </div>
      <Twin name="Connections by state" rows={[['state', 'connections'], ...parts.map(([state]) => [state, counts[state]])]}>
        <table className="w-full text-left text-sm">
          <caption className="sr-only">Connections by state</caption>
          <thead>
            <tr>
              <th scope="col" className="pr-4">State</th>
              <th scope="col" className="pr-4 text-right">Connections</th>
            </tr>
          </thead>
          <tbody>
            {parts.map(([state, name]) => (
              <tr key={state} className="border-t border-line">
                <th scope="row" className="pr-4 font-normal">
                  <Link to="/connect/connections" search={{ state }} className="underline">
                    {name}
                  </Link>
                </th>
                <td className="pr-4 text-right tabular-nums">{number.format(counts[state])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Twin>
    </figure>
  )
}
