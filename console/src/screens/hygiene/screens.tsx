import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ask, root } from '../../api/client'
import type { Finding, PageFinding, RosterEntry } from '../../api/schema'
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
import { nameOf } from '../parts/credential'
import { credentialKinds } from '../parts/kinds'
import { Undo } from '../parts/undo'
import { disableAll, enableAll, type Tally } from './bulk'

const problems: Record<Finding['problem'], [BadgeKind, string]> = {
  exposed: ['wrong', 'Found in public'],
  weak: ['wrong', 'Weak'],
  idle_90_days: ['warn', 'Not used for 90 days'],
  two_active: ['warn', 'Two active'],
  over_scoped: ['warn', 'May more than it uses'],
  never_expires: ['plain', 'Never expires'],
}

const counted = (count: number) => `${count} ${count === 1 ? 'credential' : 'credentials'}`

const idsOf = (findings: readonly Finding[]) => new Set(findings.map((one) => one.credential_id))

const idOf = (one: Finding) => `${one.client_id}/${one.credential_id ?? ''}/${one.problem}`

/** What is wrong with credentials that can be used, the gravest first. */
export function Hygiene() {
  const queries = useQueryClient()
  const may = useMay()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<readonly Finding[]>([])
  const [said, setSaid] = useState<{ text: string; off: readonly RosterEntry[] }>()
  const [broken, setBroken] = useState(false)
  const query = useInfiniteQuery({
    queryKey: ['hygiene'],
    queryFn: ({ pageParam }) => ask(api.GET('/hygiene', { params: { query: { cursor: pageParam } } })) as Promise<PageFinding>, // the other form is CSV
    ...paged,
  })
  // What others disable meanwhile goes from the list, and out of what is chosen.
  const picked = (query.data?.pages.flatMap((page) => page.items) ?? []).filter((one) => chosen.has(idOf(one)))
  const disable = useAction((_, findings: readonly Finding[], tally: Tally) => disableAll(findings, tally))
  const enable = useAction((_, off: readonly RosterEntry[], tally: Tally) => enableAll(off, tally))
  const tell = (text: string, off: readonly RosterEntry[]) => {
    setSaid({ text, off })
    announce(text)
    for (const first of ['hygiene', 'applications', 'ledger']) void queries.invalidateQueries({ queryKey: [first] })
  }
  const switchOff = async () => {
    const tally: Tally = { done: [], spared: 0 }
    const whole = await disable.run(asked, tally)
    if (!whole && tally.done.length === 0) return
    setAsked([])
    setChosen(new Set())
    const dead = tally.done.length > 0 ? ' Their tokens are dead and stay so.' : ''
    const spared = tally.spared > 0 ? ` ${tally.spared} could not be used any more already.` : ''
    tell(`${tally.done.length} disabled.${dead}${spared}`, tally.done)
  }
  const switchOn = async (off: readonly RosterEntry[]) => {
    const tally: Tally = { done: [], spared: 0 }
    const whole = await enable.run(off, tally)
    if (!whole && tally.done.length === 0) return
    const gone = tally.spared > 0 ? ` ${tally.spared} deleted meanwhile.` : ''
    tell(`${tally.done.length} enabled again. New tokens are had with them; those from before stay dead.${gone}`, whole ? [] : off.filter((one) => !tally.done.includes(one)))
  }
  const mayChange = may('credentials:write')
  const choose = (one: Finding, on: boolean) => {
    const next = new Set(chosen)
    if (on) next.add(idOf(one))
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
        <Link to="/applications/$application/credentials" params={{ application: one.client_id }} search={one.credential_id ? { open: one.credential_id } : {}} className="font-semibold underline-offset-4 hover:underline">
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
              <Button disabled={picked.length === 0} onClick={() => setAsked(picked)}>
                Disable {idsOf(picked).size || ''} chosen
              </Button>
            )}
            <Button onClick={() => exportCSV().then(() => setBroken(false), () => setBroken(true))}>Download CSV</Button>
          </>
        }
      />
      <div className="mb-4 space-y-3 empty:hidden">
        {said && (said.off.length > 0 ? <Offer said={said} busy={enable.busy} onUndo={() => switchOn(said.off)} /> : <Banner kind="good" title={said.text} />)}
        {broken && <Banner kind="wrong" title="The list could not be fetched: try again." />}
        <FailureBanner failure={disable.failure ?? enable.failure} />
      </div>
      <List query={query} columns={columns} rowKey={idOf} caption="Findings" empty={<Empty title="Nothing is wrong" about="credentials" command="counterfoil hygiene">No credential is exposed, weak, idle, doubled, too powerful or without an end.</Empty>} />
      <Confirm
        open={asked.length > 0}
        onClose={() => setAsked([])}
        title={`Disable ${counted(idsOf(asked).size)}?`}
        verb={`Disable ${counted(idsOf(asked).size)}`}
        busy={disable.busy}
        failure={disable.failure}
        onConfirm={switchOff}
      >
        <p>They are refused at once and their tokens die. You can enable them again afterwards; the tokens stay dead.</p>
        <ul className="list-disc pl-5">
          {asked.map((one) => (
            <li key={idOf(one)}>
              {one.application}: {problems[one.problem][1]}
            </li>
          ))}
        </ul>
      </Confirm>
    </>
  )
}

/** Offers to enable again what was disabled, and names it. */
function Offer({ said: { text, off }, busy, onUndo }: { said: { text: string; off: readonly RosterEntry[] }; busy: boolean; onUndo: () => unknown }) {
  const [only] = off
  return (
    <Undo title={text} of={off.length === 1 && only ? nameOf(only) : counted(off.length)} many={off.length > 1} busy={busy} onUndo={onUndo}>
      <ul className="list-disc pl-5">
        {off.map((one) => (
          <li key={one.id}>
            <Link to="/applications/$application/credentials" params={{ application: one.client_id }} search={{ open: one.id }} className="inline-block min-h-6 underline underline-offset-2">
              {credentialKinds[one.kind]} {nameOf(one)}
            </Link>
          </li>
        ))}
      </ul>
    </Undo>
  )
}

/** The same list as a file, made by the server. */
async function exportCSV() {
  const answer = await fetch(`${root}/api/v1/hygiene?limit=200`, { headers: { 'X-Counterfoil': 'console', Accept: 'text/csv' } })
  if (!answer.ok) throw new Error(String(answer.status))
  save('hygiene.csv', await answer.blob())
}
