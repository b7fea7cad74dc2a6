import { useQuery } from '@tanstack/react-query'
import { api, ask } from '../../api/client'
import { useMay } from '../../api/session'
import { useDialog, useFilters } from '../../ui/address'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Select, TextField } from '../../ui/field'
import { Fact, Facts, PageHeader, Section } from '../../ui/page'
import { Search } from '../../ui/search'
import { Export } from '../parts/export'
import { History } from '../parts/history'
import { Verify } from './verify'

const kinds = [
  ['', 'Everything'],
  ['application.', 'Applications'],
  ['credential.', 'Credentials'],
  ['user.', 'Users'],
  ['group.', 'Groups'],
  ['role.', 'Roles'],
  ['token.', 'Tokens'],
  ['session.', 'Sessions'],
  ['connection.', 'Connections'],
  ['connector.', 'Connectors'],
  ['webhook.', 'Webhooks'],
  ['key.', 'Keys'],
  ['environment.', 'The environment'],
] as const

const at = (local?: string) => (local && !Number.isNaN(Date.parse(local)) ? new Date(local).toISOString() : undefined)

/** What happened, by whom, and the proof that nobody edited it. */
export function Ledger() {
  const [filters, set] = useFilters()
  const may = useMay()
  const [verifying, setVerifying] = useDialog('verify', may('ledger:read'))
  const { data: head } = useQuery({ queryKey: ['ledger', 'head'], queryFn: () => ask(api.GET('/ledger/head')) })
  const of = { subject: filters.subject, actor: filters.actor, kind: filters.kind, from: at(filters.from), to: at(filters.to) }
  return (
    <>
      <PageHeader
        title="Ledger"
        lead="Every change, in a chain of hashes: who, what, on what, from where, before and after. Secrets are never in it."
        actions={
          may('ledger:read') && (
            <>
              <Button look="primary" onClick={() => setVerifying(true)}>
                Verify
              </Button>
              <Export of={of} />
            </>
          )
        }
      />
      {verifying && <Verify onClose={() => setVerifying(false)} />}
      {head && (
        <Section>
          <Facts>
            <Fact name="Events">{head.number.toLocaleString('en')}</Fact>
            <Fact name="Hash of the last">
              <Copied text={head.hash} what="the hash of the last event" />
            </Fact>
          </Facts>
        </Section>
      )}
      <div className="mb-4 grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        <div className="self-end">
          <Search label="Filter by the id of a thing" value={filters.subject ?? ''} onChange={(subject) => set({ subject })} />
        </div>
        <div className="self-end">
          <Search label="Filter by the id of who did it" value={filters.actor ?? ''} onChange={(actor) => set({ actor })} />
        </div>
        <Select label="What" value={filters.kind ?? ''} onChange={(e) => set({ kind: e.target.value })} options={kinds} />
        <TextField label="From" type="datetime-local" value={filters.from ?? ''} onChange={(e) => set({ from: e.target.value })} />
        <TextField label="Before" type="datetime-local" value={filters.to ?? ''} onChange={(e) => set({ to: e.target.value })} />
      </div>
      <History of={of} onActor={(actor) => set({ actor }, true)} caption="Events, the newest first" empty={<p className="text-soft">No event fits these filters.</p>} />
    </>
  )
}
