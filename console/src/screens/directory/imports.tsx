import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import { failureOf } from '../../api/problem'
import type { BatchOutcome, RecordReject, UserImport } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { Badge } from '../../ui/badge'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { csv } from '../../ui/csv'
import { Checkbox, Field, Form, inputLook } from '../../ui/field'
import { Empty, Section, Waiting } from '../../ui/page'
import { hidden, ShowAs } from '../../ui/showas'
import { Table } from '../../ui/table'
import { Time } from '../../ui/time'
import { useSaid } from '../parts/forms'
import { batchSize, recordsOf } from './records'
import { Head } from './tabs'
import { arg } from '../../ui/shell'
import { save } from '../../ui/save'

type Sum = Pick<BatchOutcome, 'created' | 'changed' | 'unchanged' | 'rejected'>
type Outcome = { sum: Sum; rejects: RecordReject[]; tried: boolean }

/** Files of people, and what became of them. */
export function Imports() {
  const may = useMay()
  const { data, error, isPending } = useQuery({ queryKey: ['imports'], queryFn: () => ask(api.GET('/user-imports')) })
  return (
    <>
      <Head title="Imports" lead="Many people at once, from CSV or from one SCIM user in JSON a line." />
      {may('users:write') && <NewImport />}
      {isPending && <Waiting />}
      {error && <FailureBanner failure={failureOf(error)} />}
      {data && data.items.length === 0 && <Empty title="No imports yet" about="directory" command="counterfoil import users people.csv --dry-run" />}
      {data && data.items.length > 0 && (
        <Table
          caption="List of imports"
          rows={data.items}
          rowKey={(one) => one.id}
          columns={[
            { name: 'File', always: true, cell: (one) => <span className="break-all">{one.name}</span> },
            { name: 'State', always: true, cell: (one) => (one.state === 'finished' ? <Badge kind="good">Finished</Badge> : <Badge kind="warn">Not finished: choose the same file to go on</Badge>) },
            { name: 'Outcome', cell: (one) => sentenceOf(one) },
            { name: 'Begun', cell: (one) => <Time at={one.created_at} /> },
            { name: <span className="sr-only">Actions</span>, always: true, end: true, cell: (one) => one.rejected > 0 && <Rejects of={one} /> },
          ]}
        />
      )}
    </>
  )
}

const sentenceOf = (sum: Sum) => `${sum.created} created, ${sum.changed} changed, ${sum.unchanged} unchanged, ${sum.rejected} rejected`

function NewImport() {
  const queries = useQueryClient()
  const said = useSaid()
  const [file, setFile] = useState<File>()
  const [update, setUpdate] = useState(false)
  const [far, setFar] = useState<{ done: number; all: number }>()
  const [outcome, setOutcome] = useState<Outcome>()
  const mode = update ? 'update' : 'create'
  const work = useAction(async (_, chosen: File, tried: boolean): Promise<Outcome> => {
    const bytes = await chosen.arrayBuffer()
    const records = recordsOf(new TextDecoder().decode(bytes))
    const begun = tried ? undefined : await begin(chosen.name, bytes, mode)
    const sum: Sum = { created: 0, changed: 0, unchanged: 0, rejected: 0 }
    const rejects: RecordReject[] = []
    for (let at = 0, sequence = 1; at < records.length; at += batchSize, sequence++) {
      setFar({ done: at, all: records.length })
      if (begun?.done.has(sequence)) continue
      const batch = records.slice(at, at + batchSize)
      const one = await ask(begun ? api.POST('/user-imports/{import}/batches', { params: { path: { import: begun.id } }, body: { sequence, records: batch } }) : api.POST('/user-imports/try', { body: { mode, records: batch } }))
      for (const part of ['created', 'changed', 'unchanged', 'rejected'] as const) sum[part] += one[part]
      rejects.push(...one.rejects)
    }
    if (!begun) return { sum, rejects, tried }
    const finished = await ask(api.POST('/user-imports/{import}/finish', { params: { path: { import: begun.id } } }))
    return { sum: finished, rejects: await rejectsOf(begun.id), tried }
  })
  const go = async (tried: boolean) => {
    if (!file) return
    setOutcome(undefined)
    const done = await work.run(file, tried)
    setFar(undefined)
    for (const key of ['imports', 'users']) void queries.invalidateQueries({ queryKey: [key] })
    if (!done) return
    setOutcome(done)
    said.tell(done.tried ? `Nothing was done yet. The file would give: ${sentenceOf(done.sum)}.` : `The import is finished: ${sentenceOf(done.sum)}.`)
  }
  return (
    <Section title="Import a file" lead="The first line of a CSV names the columns, such as user_name, email, given_name, family_name, title and department.">
      {said.banner}
      <Form failure={work.failure} onSubmit={() => go(false)}>
        <Field label="File" hint="CSV or NDJSON, in UTF-8. It is read here and sent 500 lines at a time.">
          {(wired) => (
            <input
              {...wired}
              type="file"
              accept=".csv,.ndjson,.jsonl,.json,text/csv"
              className={inputLook}
              onChange={(e) => {
                setFile(e.target.files?.[0])
                setOutcome(undefined)
              }}
            />
          )}
        </Field>
        <Checkbox label="Change people who exist" hint="Without it, their lines are rejected." checked={update} onChange={(e) => setUpdate(e.target.checked)} />
        {far && (
          <div>
            <progress aria-label="Lines that are done" max={far.all} value={far.done} className="h-3 w-full" />
            <p className="text-sm text-soft">
              {far.done} of {far.all} lines
            </p>
          </div>
        )}
        <FailureBanner failure={work.failure} />
        {outcome && outcome.rejects.length > 0 && <RejectTable rejects={outcome.rejects} name={file?.name ?? 'users'} />}
        <ShowAs asked={{ method: 'POST', path: '/user-imports', body: { name: file?.name ?? 'people.csv', source: hidden, mode }, cli: `import users ${arg(file?.name ?? 'people.csv')}${update ? ' --update' : ''}`, go: ['BeginUserImport'] }} />
        <div className="flex flex-wrap gap-2">
          <Button busy={work.busy} disabled={!file} onClick={() => go(true)}>
            Try file
          </Button>
          <Button type="submit" look="primary" busy={work.busy} disabled={!file}>
            Import file
          </Button>
        </div>
      </Form>
    </Section>
  )
}

/** Begins an import or goes on with the one of the same file, and says which batches are in already. */
async function begin(name: string, bytes: ArrayBuffer, mode: 'create' | 'update') {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const source = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const { id } = await ask(api.POST('/user-imports', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { name, source, mode } }))
  const done = new Set<number>()
  for (let after = 0; ; ) {
    const { batches } = await ask(api.GET('/user-imports/{import}', { params: { path: { import: id }, query: { after } } }))
    if (!batches?.length) return { id, done }
    for (const one of batches) done.add(one)
    after = Math.max(...batches)
  }
}

async function rejectsOf(id: string): Promise<RecordReject[]> {
  const all: RecordReject[] = []
  for (let after = 0; ; ) {
    const { items } = await ask(api.GET('/user-imports/{import}/rejects', { params: { path: { import: id }, query: { after } } }))
    if (items.length === 0) return all
    all.push(...items)
    after = items.at(-1)!.line
  }
}

function download(name: string, rejects: readonly RecordReject[]) {
  save(`${name}.rejects.csv`, csv([['line', 'reason'], ...rejects.map(({ line, reason }) => [line, reason])]))
}

function RejectTable({ rejects, name }: { rejects: readonly RecordReject[]; name: string }) {
  return (
    <div className="space-y-3">
      <Table
        caption="Lines that are rejected"
        rows={rejects.slice(0, 20)}
        rowKey={({ line }) => String(line)}
        columns={[
          { name: 'Line', always: true, cell: ({ line }) => line },
          { name: 'Why', always: true, cell: ({ reason }) => reason },
        ]}
      />
      <Button onClick={() => download(name, rejects)}>Download all {rejects.length} rejects</Button>
    </div>
  )
}

function Rejects({ of }: { of: UserImport }) {
  const { run, busy, failure } = useAction(() => rejectsOf(of.id))
  return (
    <>
      <Button
        busy={busy}
        onClick={async () => {
          const all = await run()
          if (all) download(of.name, all)
        }}
      >
        Download rejects of {of.name}
      </Button>
      <FailureBanner failure={failure} />
    </>
  )
}
