import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { announce } from '../../ui/announce'
import { Banner } from '../../ui/banner'
import { Begun } from '../parts/begun'
import { applicationQuery, type Held } from './page'

/** Gives a form the version of an application that it begins with, and says what was saved until it is touched again. */
export function Editing({ held, children }: { held: Held; children: (began: Held, saved: (said: string) => Promise<void>) => ReactNode }) {
  const queries = useQueryClient()
  const [said, setSaid] = useState('')
  return (
    <>
      {said && (
        <div className="mb-4">
          <Banner kind="good" title={said} />
        </div>
      )}
      <Begun held={held} onTouch={() => setSaid('')}>
        {(began, settle) =>
          children(began, async (text) => {
            setSaid(text)
            announce(text)
            void queries.invalidateQueries({ queryKey: ['applications'] })
            await queries.fetchQuery({ ...applicationQuery(held.data.client_id), staleTime: 0 })
            settle()
          })
        }
      </Begun>
    </>
  )
}
