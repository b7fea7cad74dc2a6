import type { ReactNode } from 'react'
import { useMay } from '../../api/session'
import { PageHeader } from '../../ui/page'
import { TabLinks } from '../../ui/tabs'

const parts = [
  { to: '/directory/users', children: 'Users', scope: 'users:read' },
  { to: '/directory/groups', children: 'Groups', scope: 'groups:read' },
  { to: '/directory/populations', children: 'Populations', scope: 'populations:read' },
  { to: '/directory/roles', children: 'Roles', scope: 'roles:read' },
  { to: '/directory/invitations', children: 'Invitations', scope: 'invitations:read' },
  { to: '/directory/attributes', children: 'Attributes', scope: 'schemas:read' },
  { to: '/directory/imports', children: 'Imports', scope: 'users:read' },
] as const

/** The top of the lists of the directory. */
export function Head({ title, lead, actions }: { title: string; lead: ReactNode; actions?: ReactNode }) {
  const may = useMay()
  return (
    <>
      <PageHeader title={title} lead={lead} actions={actions} />
      <TabLinks label="Directory" tabs={parts.filter(({ scope }) => may(scope)).map(({ to, children }) => ({ to, children }))} />
    </>
  )
}
