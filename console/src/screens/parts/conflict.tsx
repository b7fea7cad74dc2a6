import { useState } from 'react'
import { Failure } from '../../api/problem'
import { useAction } from '../../ui/action'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'

type Tagged<T> = { data: T; tag: string }

/**
 * Changes something that others may change meanwhile. The change names the version that the form began with (If-Match); when
 * there is a newer one, nothing is written: {@link Conflict} shows both, and the person decides.
 */
export function useChange<T, R>({ began, read, write }: { began: Tagged<T>; read: () => Promise<Tagged<T>>; write: (tag: string) => Promise<R> }) {
  const [base, setBase] = useState(began)
  const [theirs, setTheirs] = useState<Tagged<T>>()
  const { run, busy, failure, clear } = useAction(async (_, tag: string) => {
    try {
      return await write(tag)
    } catch (error) {
      if (error instanceof Failure && error.status === 412) setTheirs(await read())
      throw error
    }
  })
  return {
    save: () => run(base.tag),
    /** Writes over what somebody else wrote, which the person has seen. */
    keepMine: () => {
      if (!theirs) return Promise.resolve(undefined)
      setBase(theirs)
      setTheirs(undefined)
      return run(theirs.tag)
    },
    /** Takes what somebody else wrote as the new beginning, and returns it. */
    useTheirs: () => {
      if (theirs) setBase(theirs)
      setTheirs(undefined)
      clear()
      return theirs?.data
    },
    base,
    theirs,
    busy,
    failure: theirs ? undefined : failure,
  }
}

/** Shows what somebody else changed since a form was opened, beside what stands in the form. Nothing if nobody did. */
export function Conflict<T extends object>({ began, theirs, mine, names, onKeep, onTake }: { began: T; theirs?: T; mine: Partial<T>; names: Partial<Record<keyof T, string>>; onKeep: () => void; onTake: () => void }) {
  if (!theirs) return null
  const changed = (Object.keys(names) as (keyof T)[]).filter((field) => said(began[field]) !== said(theirs[field]))
  return (
    <Banner kind="warn" title="Somebody changed this meanwhile. Nothing was saved.">
      <div className="overflow-x-auto">
        <table className="w-full text-left text-sm">
          <thead>
            <tr>
              <th scope="col" className="pr-4">Field</th>
              <th scope="col" className="pr-4">It was</th>
              <th scope="col" className="pr-4">It is now</th>
              <th scope="col">You want</th>
            </tr>
          </thead>
          <tbody>
            {changed.map((field) => (
              <tr key={String(field)} className="border-t border-line align-top">
                <th scope="row" className="pr-4 font-semibold">{names[field]}</th>
                <td className="pr-4"><del>{said(began[field])}</del></td>
                <td className="pr-4"><ins>{said(theirs[field])}</ins></td>
                <td>{field in mine ? said(mine[field]) : said(theirs[field])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {changed.length === 0 && <p>What changed is not among the fields of this form.</p>}
      <div className="flex flex-wrap gap-2 pt-2">
        <Button onClick={onTake}>Use theirs</Button>
        <Button look="danger" onClick={onKeep}>Keep mine</Button>
      </div>
    </Banner>
  )
}

const said = (value: unknown) => (value === undefined || value === null || value === '' ? '–' : Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value))
