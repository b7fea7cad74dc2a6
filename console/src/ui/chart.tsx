import { type ReactNode, useId } from 'react'
import { useAction } from './action'
import { FailureBanner } from './banner'
import { Button } from './button'
import { cx } from './class'
import { csv } from './csv'
import { save } from './save'

export type Series = { name: string; kind: 'good' | 'warn' | 'wrong' | 'plain' }
export type Point = { at: string; values: readonly number[] }

const fills = { good: 'fill-good', warn: 'fill-warn', wrong: 'fill-wrong', plain: 'fill-edge' }
const grounds = { good: 'bg-good', warn: 'bg-warn', wrong: 'bg-wrong', plain: 'bg-edge' }
const number = new Intl.NumberFormat('en')
const rate = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })

/** Bars over time, stacked; the same numbers in a table below, for whoever would rather read. */
export function Bars({ title, series, points, label, mean, height = 140 }: { title: string; series: readonly Series[]; points: readonly Point[]; /** Words for a point in time. */ label: (at: string) => string; /** Whether a series is summed up by its mean, as a rate is. */ mean?: boolean; height?: number }) {
  const id = useId()
  const words = mean ? rate : number
  const totals = points.map((p) => p.values.reduce((sum, v) => sum + v, 0))
  const top = Math.max(...totals) || 1
  const all = series.map((_, i) => points.reduce((sum, p) => sum + (p.values[i] ?? 0), 0) / (mean ? points.length : 1))
  const width = 720
  const step = width / Math.max(1, points.length)
  return (
    <figure aria-labelledby={id}>
      <figcaption id={id} className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-semibold">{title}</span>
        <span className="flex flex-wrap gap-x-4 text-sm text-soft">
          {series.map((s, i) => (
            <span key={s.name} className="inline-flex items-center gap-1.5">
              <span aria-hidden="true" className={cx('size-2.5 rounded-sm', grounds[s.kind])} />
              {s.name} {words.format(all[i] ?? 0)}
            </span>
          ))}
        </span>
      </figcaption>
      <svg role="img" aria-label={`${title}: ${series.map((s, i) => `${words.format(all[i] ?? 0)} ${s.name}`).join(', ')}`} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className="h-36 w-full rounded border border-line bg-paper">
        {points.map((p, x) => {
          let y = height
          return p.values.map((v, i) => {
            if (!v) return null
            const h = Math.max(1.5, (v / top) * (height - 8))
            y -= h
            return (
              <rect key={`${x}-${i}`} x={x * step + step * 0.1} y={y} width={Math.max(0.8, step * 0.8)} height={h} className={fills[series[i]?.kind ?? 'plain']}>
                <title>{`${label(p.at)}: ${words.format(v)} ${series[i]?.name}`}</title>
              </rect>
            )
          })
        })}
      </svg>
      <Twin name={title} rows={[['when', ...series.map((s) => s.name)], ...points.map((p) => [p.at, ...p.values])]}>
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{title}</caption>
          <thead>
            <tr>
              <th scope="col" className="pr-4">When</th>
              {series.map((s) => (
                <th scope="col" key={s.name} className="pr-4 text-right">
                  {s.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map((p, x) =>
              totals[x] ? (
                <tr key={p.at} className="border-t border-line">
                  <th scope="row" className="pr-4 font-normal whitespace-nowrap">{label(p.at)}</th>
                  {p.values.map((v, i) => (
                    <td key={i} className="pr-4 text-right tabular-nums">
                      {words.format(v)}
                    </td>
                  ))}
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </Twin>
    </figure>
  )
}

type Rows = readonly (readonly (string | number)[])[]

/** The table behind a picture, and the same as a file; the file holds what fetch brings where the table has but the first rows. */
export function Twin({ name, rows, fetch, children }: { name: string; rows: Rows; fetch?: () => Promise<Rows>; children: ReactNode }) {
  const { run, busy, failure } = useAction(async () => save(`${name.toLowerCase().replace(/\W+/g, '-')}.csv`, csv(fetch ? await fetch() : rows)))
  return (
    <details className="mt-2">
      <summary className="w-fit cursor-pointer text-sm text-soft">As a table</summary>
      <Button className="mt-2" busy={busy} onClick={() => run()}>
        Download CSV
      </Button>
      <FailureBanner failure={failure} />
      <div tabIndex={0} role="region" aria-label="The numbers" className="mt-2 max-h-72 overflow-auto rounded-lg border border-line bg-card p-3">
        {children}
      </div>
    </details>
  )
}

/** A few bars without axes, for a cell of a table. */
export function Spark({ values, label }: { values: readonly number[]; label: string }) {
  const top = Math.max(1, ...values)
  const step = 80 / Math.max(1, values.length)
  return (
    <svg role="img" aria-label={label} viewBox="0 0 80 20" className="h-5 w-20">
      {values.map((v, i) => (
        <rect key={i} x={i * step} width={step * 0.8} y={20 - Math.max(v ? 1.5 : 0.5, (v / top) * 20)} height={20} className={v ? 'fill-accent' : 'fill-line'} />
      ))}
    </svg>
  )
}
