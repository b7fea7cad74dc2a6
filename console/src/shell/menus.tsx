import { ChevronsUpDown, CircleHelp, CircleUserRound } from 'lucide-react'
import { root } from '../api/client'
import { useSession } from '../api/session'
import { Menu, MenuItem, MenuLine, MenuLink } from '../ui/menu'
import { showShortcuts } from './shortcuts'
import { chooseTheme, theme } from './theme'

/** Which environment this is, and the way to others. */
export function EnvironmentMenu() {
  const { environment, environments } = useSession()
  const others = environments.filter((e) => !e.current)
  if (others.length === 0) return <span className="min-w-0 truncate px-2 font-semibold">{environment.name}</span>
  return (
    <Menu
      trigger={
        <button type="button" aria-label={`Environment ${environment.name}: change`} className="flex min-h-9 min-w-0 cursor-pointer items-center gap-1.5 rounded-lg px-2 font-semibold hover:bg-line/50">
          <span className="truncate">{environment.name}</span>
          <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-soft" />
        </button>
      }
    >
      {others.map((e) => (
        <MenuLink key={e.id} href={e.console_url}>
          {e.name} <code className="text-xs text-soft">{e.slug}</code>
        </MenuLink>
      ))}
    </Menu>
  )
}

const round = 'inline-grid size-9 shrink-0 cursor-pointer place-items-center rounded-lg text-soft hover:bg-line/50 hover:text-ink'

/** Where help is. */
export function HelpMenu() {
  const { help } = useSession()
  return (
    <Menu
      trigger={
        <button type="button" aria-label="Help" title="Help" className={round}>
          <CircleHelp aria-hidden="true" className="size-5" />
        </button>
      }
    >
      <MenuLink foreign href={help.docs_url || `${root}/docs/`}>Documentation</MenuLink>
      <MenuLink foreign href={`${root}/docs/api`}>API reference</MenuLink>
      <MenuItem onSelect={showShortcuts}>Keyboard shortcuts</MenuItem>
      {(help.report_url || help.ideas_url) && <MenuLine />}
      {help.report_url && <MenuLink foreign href={help.report_url}>Report a problem</MenuLink>}
      {help.ideas_url && <MenuLink foreign href={help.ideas_url}>Suggest an idea</MenuLink>}
    </Menu>
  )
}

/** Who is signed in, and what is theirs. */
export function AccountMenu() {
  const { user } = useSession()
  return (
    <Menu
      trigger={
        <button type="button" aria-label={`Account of ${user.name}`} title={user.name} className={round}>
          <CircleUserRound aria-hidden="true" className="size-5" />
        </button>
      }
    >
      <p className="px-3 py-1.5">
        <span className="block font-semibold">{user.name}</span>
        <span className="block text-sm text-soft">{user.email ?? user.user_name}</span>
      </p>
      <MenuLine />
      <MenuLink href={`${root}/account`}>Account, factors and sessions</MenuLink>
      <MenuItem onSelect={() => chooseTheme(theme() === 'dark' ? 'light' : 'dark')}>{theme() === 'dark' ? 'Light colours' : 'Dark colours'}</MenuItem>
      <MenuItem onSelect={() => chooseTheme(undefined)}>Colours of the system</MenuItem>
      <MenuLine />
      <MenuItem onSelect={signOut}>Sign out</MenuItem>
    </Menu>
  )
}

/** Signs out by the form that the pages use: it is a POST of this origin. */
export function signOut() {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = `${root}/signout`
  document.body.append(form)
  form.submit()
}
