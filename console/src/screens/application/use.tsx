import type { Application } from '../../api/schema'
import { Banner } from '../../ui/banner'
import { Section } from '../../ui/page'
import { UseIt } from '../parts/useit'
import { ApplicationPage } from './page'

/** How a client uses the application: lines to copy, and a test. */
export const ApplicationUse = () => (
  <ApplicationPage>
    {(application) => (
      <Section title="Get a token" lead="Client credentials: the application proves itself and gets an access token, which it then sends as Authorization: Bearer.">
        {!application.enabled && (
          <div className="mb-4">
            <Banner kind="warn" title="The application is disabled: it gets no tokens until it is enabled." />
          </div>
        )}
        {!takesSecrets(application) && (
          <div className="mb-4">
            <Banner title="This application takes no secrets: its authentication methods are set so. These lines are for secrets.">
              <p>{application.auth_methods.join(', ')}</p>
            </Banner>
          </div>
        )}
        <UseIt key={application.client_id} clientId={application.client_id} scopes={application.scopes} posts={postsOnly(application)} />
      </Section>
    )}
  </ApplicationPage>
)

const takesSecrets = ({ auth_methods: methods }: Application) => methods.length === 0 || methods.includes('client_secret_basic') || methods.includes('client_secret_post')

/** Whether the secret must stand in the body of the request. */
export const postsOnly = ({ auth_methods: methods }: Application) => methods.includes('client_secret_post') && !methods.includes('client_secret_basic')
