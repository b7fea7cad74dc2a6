import { Section } from '../../ui/page'
import { History } from '../parts/history'
import { ApplicationPage } from './page'

/** What happened to an application, and by whom. */
export const ApplicationHistory = () => (
  <ApplicationPage>
    {(application) => (
      <Section title="History" lead="What the ledger says of this application: the newest first. Open an entry to see what changed, from where and in which request. Its credentials have histories of their own.">
        <History of={{ subject: application.client_id }} caption="Events about this application, the newest first" />
        <p className="mt-3 text-sm text-soft">
          In a terminal: <code className="font-mono text-ink">counterfoil audit tail</code>
        </p>
      </Section>
    )}
  </ApplicationPage>
)
