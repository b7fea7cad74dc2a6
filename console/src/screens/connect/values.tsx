import { useQuery } from '@tanstack/react-query'
import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Connection } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Fact, Facts, Section } from '../../ui/page'

/** What was entered. Secrets stay sealed until somebody who may asks for one. */
export function Values({ one }: { one: Connection }) {
  const { data: provider } = useQuery({ queryKey: ['providers', one.provider], queryFn: () => ask(api.GET('/connect/providers/{provider}', { params: { path: { provider: one.provider } } })) })
  const fields = provider?.fields ?? Object.keys(one.values).map((name) => ({ name, title: name, secret: false, choices: undefined }))
  return (
    <Section title="What was entered" lead="To change it, connect again: what is entered is tried before it replaces what there is.">
      <Facts>
        {fields.map((field) =>
          field.secret ? (
            <Fact key={field.name} name={field.title}>
              <Sealed id={one.id} field={field.name} title={field.title} />
            </Fact>
          ) : (
            one.values[field.name] && (
              <Fact key={field.name} name={field.title}>
                {field.choices?.find((choice) => choice.value === one.values[field.name])?.label ?? <Copied text={one.values[field.name]!} what={field.title} />}
              </Fact>
            )
          ),
        )}
      </Facts>
    </Section>
  )
}

function Sealed({ id, field, title }: { id: string; field: string; title: string }) {
  const may = useMay()
  const [value, setValue] = useState<string>()
  const { run, busy, failure } = useAction(() => ask(api.POST('/connect/connections/{connection}/reveal', { params: { path: { connection: id } }, body: { field } })))
  if (!may('connections:reveal')) return <span className="text-soft">Sealed. Seeing it takes connections:reveal.</span>
  return (
    <div className="space-y-2">
      {value === undefined ? (
        <>
          <span className="mr-2 text-soft">Sealed; each look is an event of the ledger.</span>
          <Button aria-label={`Reveal ${title}`} busy={busy} onClick={async () => setValue((await run())?.value)}>
            <Eye aria-hidden="true" className="size-4" /> Reveal
          </Button>
        </>
      ) : (
        <>
          <Copied text={value} what={title} />{' '}
          <Button aria-label={`Hide ${title}`} onClick={() => setValue(undefined)}>
            <EyeOff aria-hidden="true" className="size-4" /> Hide
          </Button>
        </>
      )}
      <FailureBanner failure={failure} />
    </div>
  )
}
