import { Credentials } from './credential-list'
import { ApplicationPage } from './page'

/** The tab with what an application proves itself by. */
export const ApplicationCredentials = () => <ApplicationPage>{(application) => <Credentials application={application} />}</ApplicationPage>
