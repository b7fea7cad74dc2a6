import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask, root } from '../../api/client'
import type { Finding, PageFinding } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge, type BadgeKind } from '../../ui/badge'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Empty, PageHeader } from '../../ui/page'
import { save } from '../../ui/save'
import { type Column, List, paged } from '../../ui/table'
import { Time } from '../../ui/time'
import { switchOff } from '../parts/credential'
import { credentialKinds } from '../parts/kinds'

const problems: Record<Finding['problem'], [BadgeKind, string]> = {
  exposed: ['wrong', 'Found in public'],
  weak: ['wrong', 'Weak'],
  idle_90_days: ['warn', 'Not used for 90 days'],
  two_active: ['warn', 'Two active'],
  over_scoped: ['warn', 'May more than it uses'],
  never_expires: ['plain', 'Never expires'],
}

const counted = (count: number) => `${count} ${count === 1 ? 'credential' : 'credentials'}`

const idOf = (one: Finding) => `${one.client_id}/${one.credential_id ?? ''}/${one.problem}`

/** What is wrong with credentials that can be used, the gravest first. */
export function Hygiene() {
  const queries = useQueryClient()
  const may = useMay()
  const [chosen, setChosen] = useState<ReadonlyMap<string, Finding>>(new Map())
  const [asking, setAsking] = useState(false)
  const [said, setSaid] = useState('')
  const [broken, setBroken] = useState(false)
  const query = useInfiniteQuery({
    queryKey: ['hygiene'],
    queryFn: ({ pageParam }) => ask(api.GET('/hygiene', { params: { query: { cursor: pageParam } } })) as Promise<PageFinding>, // the other form is CSV
    ...paged,
  })
  const credentials = new Map([...chosen.values()].map((one) => [one.credential_id, one])) // one may have several findings
  const count = credentials.size
  const disable = useAction(async () => {
    for (const one of credentials.values()) await switchOff(one.client_id, one.kind, one.credential_id)
    return count
  })
  const mayChange = may('credentials:write')
  const choose = (one: Finding, on: boolean) => {
    const next = new Map(chosen)
    if (on) next.set(idOf(one), one)
    else next.delete(idOf(one))
    setChosen(next)
  }
  const columns: Column<Finding>[] = [
    ...(mayChange
      ? [
          {
            name: <span className="sr-only">Choose</span>,
            always: true,
            cell: (one: Finding) => one.credential_id && <input type="checkbox" aria-label={`Choose ${one.application}, ${problems[one.problem][1]}`} checked={chosen.has(idOf(one))} onChange={(e) => choose(one, e.target.checked)} className="size-5 accent-accent" />,
          },
        ]
      : []),
    {
      name: 'Problem',
      always: true,
      cell: (one) => {
        const [kind, words] = problems[one.problem]
        return <Badge kind={kind}>{words}</Badge>
      },
    },
    {
      name: 'Application',
      always: true,
      cell: (one) => (
        <Link to="/applications/$application/credentials" params={{ application: one.client_id }} className="font-semibold underline-offset-4 hover:underline">
          {one.application}
        </Link>
      ),
    },
    { name: 'Credential', cell: (one) => (one.kind ? credentialKinds[one.kind] : '–') },
    { name: 'What it means', cell: (one) => sentence(one.detail) },
    { name: 'Since', cell: (one) => <Time at={one.since} /> },
  ]
  return (
    <>
      <PageHeader
        title="Hygiene"
        lead="What is wrong with credentials that can be used, the gravest first."
        actions={
          <>
            {mayChange && (
              <Button disabled={chosen.size === 0} onClick={() => setAsking(true)}>
                Disable {count || ''} chosen
              </Button>
            )}
            <Button onClick={() => exportCSV().then(() => setBroken(false), () => setBroken(true))}>Download CSV</Button>
          </>
        }
      />
      <div className="mb-4 space-y-3 empty:hidden">
        {said && <Banner kind="good" title={said} />}
        {broken && <Banner kind="wrong" title="The list could not be fetched: try again." />}
        <FailureBanner failure={disable.failure} />
      </div>
      <List query={query} columns={columns} rowKey={idOf} caption="Findings" empty={<Empty title="Nothing is wrong" about="credentials" command="counterfoil hygiene">No credential is exposed, weak, idle, doubled, too powerful or without an end.</Empty>} />
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={`Disable ${counted(count)}?`}
        verb={`Disable ${counted(count)}`}
        busy={disable.busy}
        failure={disable.failure}
        onConfirm={async () => {
          const done = await disable.run()
          if (done === undefined) return
          setAsking(false)
          setChosen(new Map())
          setSaid(`${done} disabled. Their tokens are dead and stay so; the credentials can be enabled again.`)
          announce(`${done} disabled`)
          void queries.invalidateQueries({ queryKey: ['hygiene'] })
        }}
      >
        <p>They are refused at once and their tokens die. You can enable them again where they stand.</p>
        <ul className="list-disc pl-5">
          {[...chosen.values()].map((one) => (
            <li key={idOf(one)}>
              {one.application}: {problems[one.problem][1]}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  )
}

/** The same list as a file, made by the server. */
async function exportCSV() {
  const answer = await fetch(`${root}/api/v1/hygiene?limit=200`, { headers: { 'X-Counterfoil': 'console', Accept: 'text/csv' } })
  if (!answer.ok) throw new Error(String(answer.status))
  save('hygiene.csv', await answer.blob())
}
