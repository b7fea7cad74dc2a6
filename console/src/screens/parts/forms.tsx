import { useState } from 'react'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Form, Select, TextArea, TextField } from '../../ui/field'
import { type Asked, ShowAs } from '../../ui/showas'
import { Conflict, useChange } from './conflict'

/** A field of a form here: every one holds a text. Its name is the path of its member in the body. */
export type Entry = { name: string; label: string; hint?: string; optional?: boolean; area?: boolean; mono?: boolean; type?: string; options?: readonly (readonly [value: string, label: string])[] }
export type Values = Record<string, string>

function Entries({ entries, values, onChange }: { entries: readonly Entry[]; values: Values; onChange: (values: Values) => void }) {
  return entries.map(({ area, mono, options, ...entry }) => {
    const wired = { ...entry, value: values[entry.name] ?? '', onChange: (e: { target: { value: string } }) => onChange({ ...values, [entry.name]: e.target.value }) }
    if (options) return <Select key={entry.name} {...wired} options={options} />
    return area ? <TextArea key={entry.name} {...wired} mono={mono} /> : <TextField key={entry.name} {...wired} />
  })
}

/** A dialog that makes a thing of a few texts. make returns when it is made. */
export function NewThing({ title, description, verb, entries, first = {}, asked, make, onClose }: { title: string; description?: string; verb: string; entries: readonly Entry[]; first?: Values; asked: (values: Values) => Asked; make: (key: string, values: Values) => Promise<unknown>; onClose: () => void }) {
  const [values, setValues] = useState(first)
  const { run, busy, failure } = useAction(async (key) => {
    await make(key, values)
    return true
  })
  return (
    <Dialog open title={title} description={description} onClose={onClose}>
      <Form failure={failure} onSubmit={async () => (await run()) && onClose()}>
        <Entries entries={entries} values={values} onChange={setValues} />
        <FailureBanner failure={failure} known={entries.map(({ name }) => name)} />
        <ShowAs asked={asked(values)} />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            {verb}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

type Tagged<T> = { data: T; tag: string }

/** A form that changes the texts of a thing, and shows what somebody else changed meanwhile. */
export function EditThing<T>({ began, read, write, valuesOf, entries, verb, asked, onDone, onCancel }: { began: Tagged<T>; read: () => Promise<Tagged<T>>; write: (tag: string, values: Values) => Promise<unknown>; valuesOf: (thing: T) => Values; entries: readonly Entry[]; verb: string; asked: (values: Values) => Asked; onDone: () => void; onCancel?: () => void }) {
  const [values, setValues] = useState(() => valuesOf(began.data))
  const change = useChange({
    began,
    read,
    write: async (tag) => {
      await write(tag, values)
      return true
    },
  })
  const done = (saved?: boolean) => saved && onDone()
  return (
    <Form failure={change.failure} onSubmit={async () => done(await change.save())}>
      <Entries entries={entries} values={values} onChange={setValues} />
      <Conflict
        began={valuesOf(change.base.data)}
        theirs={change.theirs && valuesOf(change.theirs.data)}
        mine={values}
        names={Object.fromEntries(entries.map(({ name, label }) => [name, label]))}
        onKeep={async () => done(await change.keepMine())}
        onTake={() => {
          const theirs = change.useTheirs()
          if (theirs) setValues(valuesOf(theirs))
        }}
      />
      <FailureBanner failure={change.failure} known={entries.map(({ name }) => name)} />
      <ShowAs asked={asked(values)} />
      <DialogButtons>
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button type="submit" look="primary" busy={change.busy}>
          {verb}
        </Button>
      </DialogButtons>
    </Form>
  )
}

/** What the last action did. It stays until the next one. */
export function useSaid() {
  const [said, setSaid] = useState('')
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
  }
  return {
    tell,
    banner: said && (
      <div className="mb-4">
        <Banner kind="good" title={said} />
      </div>
    ),
  }
}

/** The members that say something. */
export const filled = (values: Values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Values

