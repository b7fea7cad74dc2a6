import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { HourOfUse } from '../../api/schema'
import { FailureBanner } from '../../ui/banner'
import { Bars, type Point } from '../../ui/chart'
import { Waiting } from '../../ui/page'

const spans = [
  ['24', '24 hours', 1],
  ['168', '7 days', 6],
  ['720', '30 days', 24],
] as const

const series = [
  { name: 'uses', kind: 'good' },
  { name: 'refused', kind: 'wrong' },
  { name: 'failed', kind: 'warn' },
] as const

const hour = 3_600_000
const label = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const rate = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })

/** Puts hours into bars of several, with the empty ones between them. */
function barsOf(items: readonly HourOfUse[], hours: number, each: number): Point[] {
  const last = Math.floor(Date.now() / hour)
  const bars = Array.from({ length: Math.ceil(hours / each) }, () => [0, 0, 0] as [number, number, number])
  for (const item of items) {
    const bar = bars[bars.length - 1 - Math.floor((last - Math.floor(Date.parse(item.hour) / hour)) / each)]
    if (!bar) continue
    bar[0] += item.outcomes.uses
    bar[1] += item.outcomes.refused
    bar[2] += item.outcomes.failed
  }
  return bars.map((values, i) => ({ at: new Date((last - (bars.length - i) * each + 1) * hour).toISOString(), values }))
}

/** Uses by outcome, of a credential, of an application, or of everything. */
export function UsageChart({ of, title, rates }: { of: { application?: string; credential?: string }; title: string; /** Whether how many there are a second is drawn, too. */ rates?: boolean }) {
  const [span, setSpan] = useState<(typeof spans)[number]>(spans[1])
  const [hours, , each] = span
  const { data, error } = useQuery({
    queryKey: ['usage', of, hours],
    queryFn: () => ask(api.GET('/usage', { params: { query: { ...of, hours: Number(hours) } } })),
    placeholderData: (before) => before,
  })
  if (error) return <FailureBanner failure={failureOf(error)} />
  const points = barsOf(data?.items ?? [], Number(hours), each)
  // What failed was no credential's, so a single one has two outcomes.
  const known = of.credential ? series.slice(0, 2) : series
  const shown = of.credential ? points.map(({ at, values }) => ({ at, values: values.slice(0, 2) })) : points
  const words = (at: string) => label.format(new Date(at))
  return (
    <div>
      <div role="group" aria-label="How far back" className="mb-3 flex flex-wrap gap-1">
        {spans.map((s) => (
          <button key={s[0]} type="button" aria-pressed={s === span} onClick={() => setSpan(s)} className="cursor-pointer rounded-md border border-line px-2.5 py-1 text-sm aria-pressed:border-accent aria-pressed:bg-mint aria-pressed:font-semibold">
            {s[1]}
          </button>
        ))}
      </div>
      {data ? (
        <>
          <Bars title={title} series={known} points={shown} label={words} />
          {rates && (
            <div className="mt-6">
              <Bars title="Tokens and calls per second" series={series.slice(0, 2)} points={points.map(({ at, values }) => ({ at, values: values.slice(0, 2).map((value) => value / each / 3600) }))} label={words} mean />
            </div>
          )}
          <p className="mt-2 text-sm text-soft">
            {rate.format(data.per_second.mean)} a second on average, {rate.format(data.per_second.highest)} in the busiest hour. {!of.credential && 'Refused: a right credential was not let in. Failed: nothing that was shown was right. '}Counts are written with a delay of up to {data.written_behind_seconds} seconds.
          </p>
        </>
      ) : (
        <Waiting lines={5} />
      )}
    </div>
  )
}
