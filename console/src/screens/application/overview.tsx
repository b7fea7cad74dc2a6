import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application } from '../../api/schema'
import { useMay, useSession } from '../../api/session'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Fact, Facts, Section } from '../../ui/page'
import { Switch } from '../../ui/switch'
import { Time } from '../../ui/time'
import { kindName } from '../parts/kinds'
import { useTokenURL } from '../parts/useit'
import { reached } from '../parts/warning'
import { ApplicationPage } from './page'

/** Disables and enables an application, and keeps what there is to say of it. */
export function useEnabled(application: Application) {
  const queries = useQueryClient()
  const [said, setSaid] = useState<{ text: string; undo: boolean }>()
  const at = { params: { path: { application: application.client_id } } }
  const tell = async (text: string, undo: boolean) => {
    setSaid({ text, undo })
    announce(text)
    await queries.invalidateQueries({ queryKey: ['applications'] })
  }
  const { run, busy, failure } = useAction(async (_, on: boolean) => {
    if (on) {
      await ask(api.POST('/applications/{application}/enable', at))
      return tell('Enabled. It gets new tokens; those from before stay dead.', false)
    }
    const { propagated } = await ask(api.POST('/applications/{application}/disable', at))
    return tell(`Disabled. Its credentials are refused and its tokens are dead. ${reached(propagated)}`, true)
  })
  return { set: run, busy, failure, said }
}

/** What disabling or enabling came to, with the way back. */
export function EnabledBanner({ of: { set, busy, failure, said }, enabled }: { of: ReturnType<typeof useEnabled>; enabled: boolean }) {
  return (
    <div className="space-y-3 empty:hidden">
      {said && (
        <Banner kind="good" title={said.text}>
          {said.undo && !enabled && (
            <>
              <p>You can undo this, but the tokens that it had stay dead: it fetches new ones.</p>
              <Button className="mt-2" busy={busy} onClick={() => set(true)}>
                Undo: enable it again
              </Button>
            </>
          )}
        </Banner>
      )}
      <FailureBanner failure={failure} />
    </div>
  )
}

/** Where clients find all other addresses: the well-known part comes before the issuer's own path (RFC 8414 §3.1). */
function metadata(issuer: string) {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
}

/** What an application is, where it gets its tokens, and whether it may. */
export const ApplicationOverview = () => <ApplicationPage>{(application) => <Overview key={application.client_id} application={application} />}</ApplicationPage>

function Overview({ application }: { application: Application }) {
  const may = useMay()
  const { environment } = useSession()
  const tokenURL = useTokenURL()
  const enabled = useEnabled(application)
  return (
    <>
      <Section title="State">
        <div className="space-y-4">
          <Switch
            label={application.enabled ? 'Enabled' : 'Disabled'}
            hint={application.enabled ? 'Its credentials work. Switching it off kills its tokens at once, for good.' : 'Its credentials are refused, and its tokens are dead.'}
            on={application.enabled}
            busy={enabled.busy}
            disabled={!may('applications:write')}
            onChange={(on) => void enabled.set(on)}
          />
          <EnabledBanner of={enabled} enabled={application.enabled} />
        </div>
      </Section>
      <Section title="What a client needs">
        <Facts>
          <Fact name="Client ID">
            <Copied text={application.client_id} what="the client ID" />
          </Fact>
          <Fact name="Issuer">
            <Copied text={environment.issuer} what="the issuer" />
          </Fact>
          <Fact name="Token endpoint">
            <Copied text={tokenURL} what="the address of the token endpoint" />
          </Fact>
          <Fact name="Metadata">
            <Copied text={metadata(environment.issuer)} what="the address of the metadata" />
          </Fact>
        </Facts>
      </Section>
      <Section title="About it">
        <Facts>
          <Fact name="Name">{application.name}</Fact>
          <Fact name="Description">{application.description || <span className="text-soft">None</span>}</Fact>
          <Fact name="Kind">{kindName(application.kind)}</Fact>
          <Fact name="Created">
            <Time at={application.created_at} />
          </Fact>
          <Fact name="Created by">
            <code className="font-mono break-all">{application.created_by}</code>
          </Fact>
          <Fact name="Changed">
            <Time at={application.updated_at} />
          </Fact>
        </Facts>
      </Section>
    </>
  )
}
