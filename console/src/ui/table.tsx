import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import type { Failure } from '../api/problem'
import { FailureBanner } from './banner'
import { Button } from './button'
import { cx } from './class'
import { Waiting } from './page'

export type Column<T> = {
  name: ReactNode
  cell: (row: T) => ReactNode
  /** Kept on a telephone; other columns go below 640 px. */
  always?: boolean
  end?: boolean
}

type Page<T> = { items: T[]; next?: string }

/** What useInfiniteQuery needs to walk through a list by its cursors. */
export const paged = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: { next?: string }) => page.next,
}

/**
 * A list of the server's, page by page: the server filters, orders and cuts, so a million rows cost what fifty do. empty stands
 * there when there is nothing.
 */
export function List<T>({ query, columns, rowKey, caption, empty, current }: { query: UseInfiniteQueryResult<InfiniteData<Page<T>>>; columns: Column<T>[]; rowKey: (row: T) => string; caption: string; empty: ReactNode; current?: (row: T) => boolean }) {
  if (query.isPending) return <Waiting lines={6} />
  if (query.isError && !query.data) return <FailureBanner failure={query.error as Failure} />
  const rows = query.data.pages.flatMap((page) => page.items)
  if (rows.length === 0) return <>{empty}</>
  return (
    <>
      <Table {...{ rows, columns, rowKey, caption, current }} />
      {query.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  )
}

/** Rows that are all here. */
export function Table<T>({ rows, columns, rowKey, caption, current }: { rows: readonly T[]; columns: Column<T>[]; rowKey: (row: T) => string; caption: string; current?: (row: T) => boolean }) {
  const id = useId()
  return (
    <div className="relative overflow-x-auto rounded-xl border border-line bg-card" role="region" aria-labelledby={id} tabIndex={0}>
      <table className="w-full border-collapse text-left">
        <caption id={id} className="sr-only">
          {caption}
        </caption>
        <thead>
          <tr className="border-b border-line text-sm text-soft">
            {columns.map((column, i) => (
              <th key={i} scope="col" className={cx('px-4 py-2.5 font-semibold whitespace-nowrap', !column.always && 'max-sm:hidden', column.end && 'text-right')}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} aria-current={current?.(row) || undefined} className="border-b border-line last:border-0 hover:bg-paper aria-current:bg-mint">
              {columns.map((column, i) => (
                <td key={i} className={cx('px-4 py-2.5 align-top', !column.always && 'max-sm:hidden', column.end && 'text-right')}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
