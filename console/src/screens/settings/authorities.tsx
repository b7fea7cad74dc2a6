import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Authority } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Badge, ExpiryBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copy } from '../../ui/copy'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Form, TextArea, TextField } from '../../ui/field'
import { MenuItem, RowMenu } from '../../ui/menu'
import { Empty, Waiting } from '../../ui/page'
import { ShowAs } from '../../ui/showas'
import { Table } from '../../ui/table'
import { Head } from './tabs'
import { arg } from '../../ui/shell'

/** The authorities whose client certificates the environment accepts. */
export function Authorities() {
  const queries = useQueryClient()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Authority>()
  const [said, setSaid] = useState('')
  const { data, error } = useQuery({ queryKey: ['authorities'], queryFn: () => ask(api.GET('/certificate-authorities')) })
  const remove = useAction((_, id: string) => ask(api.DELETE('/certificate-authorities/{authority}', { params: { path: { authority: id } } })))
  const mayChange = may('credentials:write')
  const add = mayChange && (
    <Button look="primary" data-key="c" onClick={() => setAdding(true)}>
      Add authority
    </Button>
  )
  const tell = (text: string) => {
    setSaid(text)
    announce(text)
    void queries.invalidateQueries({ queryKey: ['authorities'] })
  }
  return (
    <>
      <Head />
      <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <p className="max-w-prose text-soft">Certificates of these authorities may stand for an application, if the application has one of the same subject among its credentials.</p>
        {add}
      </div>
      <div className="mb-4 empty:hidden">{said && <Banner kind="good" title={said} />}</div>
      {!data && <Waiting error={error} />}
      {data?.items.length === 0 && (
        <Empty title="No certificate authorities" about="certificates" action={add} command="counterfoil ca add NAME ca.pem">
          Certificates that Counterfoil makes itself need none.
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <Table<Authority>
          rows={data.items}
          rowKey={(one) => one.id}
          caption="Certificate authorities"
          columns={[
            {
              name: 'Name',
              always: true,
              cell: (one) => (
                <>
                  <span className="font-semibold">{one.name}</span> {one.own && <Badge>Our own</Badge>}
                </>
              ),
            },
            { name: 'Subject', cell: (one) => <code className="font-mono text-sm break-all">{one.subject}</code> },
            { name: 'Ends', always: true, cell: (one) => <ExpiryBadge at={one.expires_at} /> },
            { name: 'Certificate', cell: (one) => <Copy text={one.certificate} what={`the certificate of ${one.name}`} /> },
            {
              name: <span className="sr-only">Actions</span>,
              always: true,
              end: true,
              cell: (one) =>
                mayChange && (
                  <RowMenu of={one.name}>
                    <MenuItem danger onSelect={() => setRemoving(one)}>
                      Remove
                    </MenuItem>
                  </RowMenu>
                ),
            },
          ]}
        />
      )}
      {adding && <Add onClose={(text) => (setAdding(false), text && tell(text))} />}
      {removing && (
        <Confirm
          open
          onClose={() => setRemoving(undefined)}
          title={`Remove ${removing.name}?`}
          verb={`Remove ${removing.name}`}
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={async () => {
            if (!(await remove.run(removing.id))) return
            setRemoving(undefined)
            tell(`${removing.name} is removed: its certificates open nothing any more.`)
          }}
        >
          <p>Applications that prove themselves with its certificates are refused at once.</p>
        </Confirm>
      )}
    </>
  )
}

function Add({ onClose }: { onClose: (said?: string) => void }) {
  const [name, setName] = useState('')
  const [certificate, setCertificate] = useState('')
  const body = { name, certificate }
  const { run, busy, failure } = useAction((key) => ask(api.POST('/certificate-authorities', { params: { header: { 'Idempotency-Key': key } }, body })))
  return (
    <Dialog open wide title="Add a certificate authority" onClose={() => onClose()}>
      <Form
        failure={failure}
        onSubmit={async () => {
          const made = await run()
          if (made) onClose(`${made.name} is trusted now.`)
        }}
      >
        <TextField name="name" label="Name" value={name} onChange={(e) => setName(e.target.value)} autoFocus />
        <TextArea name="certificate" mono rows={8} label="Certificate" hint="PEM. Never a private key: nobody but its owner may have it." value={certificate} onChange={(e) => setCertificate(e.target.value)} />
        <input type="file" accept=".pem,.crt,.cer" aria-label="Certificate from a file" onChange={async (e) => setCertificate((await e.target.files?.[0]?.text()) ?? '')} />
        <FailureBanner failure={failure} known={['name', 'certificate']} />
        <ShowAs asked={{ method: 'POST', path: '/certificate-authorities', body, cli: `ca add ${arg(name || 'NAME')} ca.pem`, go: ['AddCertificateAuthority'] }} />
        <DialogButtons>
          <Button onClick={() => onClose()}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Add authority
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}
