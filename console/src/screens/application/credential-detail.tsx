import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { failureOf } from '../../api/problem'
import { useMay } from '../../api/session'
import { ExpiryBadge, StateBadge } from '../../ui/badge'
import { Banner, FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copy'
import { Dialog, DialogButtons } from '../../ui/dialog'
import { Fact, Facts, Waiting } from '../../ui/page'
import { Snippet } from '../../ui/showas'
import { Tabs } from '../../ui/tabs'
import { Time } from '../../ui/time'
import { History } from '../parts/history'
import { Reveal } from '../parts/reveal'
import { UsageChart } from '../parts/usage'
import { Parsed } from './credential-certificate'
import { CreatedBy } from './credential-columns'
import { type Entry, nameOf, type One, read, words } from './credential-kinds'
import { choiceOf, scopeWords } from './credential-scopes'
import { TestTrust } from './credential-trust-test'

/** All about one credential: what it is, how it is used, what happened to it. actions are what may be done with it. */
export function CredentialDetail({ one, actions, onClose }: { one: Entry; actions: ReactNode; onClose: () => void }) {
  const may = useMay()
  const tabs = [
    { name: 'About it', children: <About one={one} /> },
    { name: 'Usage', children: <UsageChart of={{ credential: one.id }} title={`Uses of ${nameOf(one)} by outcome`} /> },
    ...(one.kind === 'trust' && may('credentials:read') ? [{ name: 'Test', children: <TestTrust one={one} /> }] : []),
    ...(may('ledger:read') ? [{ name: 'History', children: <History exported of={{ subject: `${one.client_id}/${one.id}` }} caption={`What happened to ${nameOf(one)}`} /> }] : []),
  ]
  return (
    <Dialog open wide title={`${words[one.kind].one.replace(/^./, (c) => c.toUpperCase())} ${nameOf(one)}`} onClose={onClose}>
      <div className="space-y-5">
        {one.exposed_at && (
          <Banner kind="wrong" title="It was reported as leaked">
            <p>
              Reported <Time at={one.exposed_at} />. Rotate it and take the old one away, or disable it now.
            </p>
          </Banner>
        )}
        <Tabs label={`About ${nameOf(one)}`} tabs={tabs} />
        <DialogButtons>{actions}</DialogButtons>
      </div>
    </Dialog>
  )
}

function About({ one }: { one: Entry }) {
  const whole = useQuery({ queryKey: ['applications', one.client_id, 'credentials', 'one', one.id], queryFn: () => read(one) })
  return (
    <Facts>
      <Fact name="State">
        <StateBadge state={one.state} />
      </Fact>
      {one.kind === 'secret' && (
        <Fact name="Secret">
          <Reveal clientId={one.client_id} secretId={one.id} hint={one.hint} viewable={one.viewable} />
        </Fact>
      )}
      <Fact name="Id">
        <Copied text={one.id} what="the id of the credential" />
      </Fact>
      <Fact name="What it may do">{scopeWords(choiceOf(one.scopes)).replace(/^./, (c) => c.toUpperCase())}</Fact>
      <Fact name="Networks">{one.networks.length > 0 ? one.networks.join(', ') : 'Anywhere'}</Fact>
      <Fact name="Expires">
        <ExpiryBadge at={one.expires_at} />
      </Fact>
      {one.not_before && (
        <Fact name="Valid from">
          <Time at={one.not_before} />
        </Fact>
      )}
      {one.auto_retire_days && <Fact name="Cleans itself up">Once it was not used for {one.auto_retire_days} days</Fact>}
      <Fact name="Last used">
        <Time at={one.last_used_at} never="Not in the last 90 days" />
        {one.last_used_from && (
          <>
            {' '}
            from {one.last_used_from}
            {one.last_used_by && <span className="text-soft"> by {one.last_used_by}</span>}
          </>
        )}
        <p className="text-sm text-soft">Written with a delay of up to 30 seconds. A use is one that proved the application.</p>
      </Fact>
      <Fact name="Created">
        <Time at={one.created_at} /> by <CreatedBy id={one.created_by} />
      </Fact>
      {whole.error && (
        <Fact name="More">
          <FailureBanner failure={failureOf(whole.error)} />
        </Fact>
      )}
      {whole.isPending ? <Waiting lines={2} /> : whole.data && <More one={whole.data.data} />}
    </Facts>
  )
}

/** What only its kind has. */
function More({ one }: { one: One }) {
  return (
    <>
      {'x5t#S256' in one && one['x5t#S256'] && (
        <Fact name="Thumbprint (x5t#S256)">
          <Copied text={one['x5t#S256']} what="the thumbprint" />
        </Fact>
      )}
      {'subject_dn' in one && one.subject_dn && <Fact name="Subject">{one.subject_dn}</Fact>}
      {'certificate' in one && one.certificate && (
        <Fact name="Certificate">
          <Parsed pem={one.certificate} />
          <details className="mt-2">
            <summary className="cursor-pointer text-sm text-soft">As PEM</summary>
            <Snippet text={one.certificate} what="the certificate" />
          </details>
        </Fact>
      )}
      {'issuer' in one && (
        <>
          <Fact name="Issuer">{one.issuer}</Fact>
          <Fact name="Subject">
            <code className="font-mono">{one.subject}</code>
          </Fact>
          <Fact name="Audience">{one.audience}</Fact>
          {Object.entries(one.claims ?? {}).map(([claim, value]) => (
            <Fact key={claim} name={`Claim ${claim}`}>
              <code className="font-mono">{value}</code>
            </Fact>
          ))}
        </>
      )}
      {'jwks_uri' in one && one.jwks_uri && <Fact name="JWKS URI">{one.jwks_uri}</Fact>}
      {'keys' in one && one.keys && one.keys.length > 0 && (
        <Fact name="Public keys">
          <ul className="space-y-1">
            {one.keys.map((key) => (
              <li key={key.thumbprint}>
                {key.type} {key.kid && <code className="font-mono text-sm">{key.kid}</code>} <code className="font-mono text-xs break-all text-soft">{key.thumbprint}</code>
              </li>
            ))}
          </ul>
        </Fact>
      )}
    </>
  )
}

export const Act = ({ onPress, danger, shortcut, children }: { onPress: () => void; danger?: boolean; /** The key that presses it while the credential is open. */ shortcut?: 'r'; children: ReactNode }) => (
  <Button look={danger ? 'danger' : 'plain'} data-key={shortcut} onClick={onPress}>
    {children}
  </Button>
)
