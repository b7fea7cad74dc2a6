import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Menu as Burger, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { listen } from '../api/live'
import { overviewQuery } from '../api/overview'
import { useMay, useSession } from '../api/session'
import { Announcer } from '../ui/announce'
import { IconButton } from '../ui/button'
import { cx } from '../ui/class'
import { AccountMenu, EnvironmentMenu, HelpMenu } from './menus'
import { usePlaces } from './nav'
import { Palette } from './palette'
import { ProofDialog } from './proof'
import { Shortcuts } from './shortcuts'

/** What is around every screen. */
export function Shell() {
  const [nav, setNav] = useState(false)
  const [palette, setPalette] = useState(false)
  const live = useLive()
  const path = useRouterState({ select: (s) => s.location.pathname })
  const main = useRef<HTMLElement>(null)
  const before = useRef(path)
  useEffect(() => {
    setNav(false)
    // A new screen begins at its beginning for a screen reader, too. Tabs of one thing keep the focus where it is.
    const area = (p: string) => p.split('/').slice(0, 3).join('/')
    if (area(before.current) !== area(path)) main.current?.focus()
    before.current = path
  }, [path])
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_1fr]">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded focus:bg-card focus:p-2">
        To the content
      </a>
      <Side open={nav} live={live} />
      <div className="min-w-0">
        <header className="sticky top-0 z-30 flex items-center gap-2 border-b border-line bg-card px-4 py-2">
          <IconButton label={nav ? 'Close the menu' : 'Open the menu'} aria-expanded={nav} aria-controls="side" onClick={() => setNav(!nav)} className="lg:hidden">
            <Burger aria-hidden="true" className="size-5" />
          </IconButton>
          <EnvironmentMenu />
          <button type="button" onClick={() => setPalette(true)} className="ml-auto flex min-h-9 cursor-pointer items-center gap-2 rounded-lg border border-line px-3 text-sm text-soft hover:bg-paper sm:min-w-56">
            <Search aria-hidden="true" className="size-4" />
            <span className="max-sm:sr-only">Search or go to</span>
            <kbd className="ml-auto font-mono text-xs max-sm:hidden">{/mac/i.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd>
          </button>
          <HelpMenu />
          <AccountMenu />
        </header>
        <main id="main" ref={main} tabIndex={-1} className="mx-auto max-w-6xl p-4 outline-none sm:p-6">
          <Outlet />
        </main>
      </div>
      <Palette open={palette} onOpen={setPalette} />
      <Shortcuts />
      <ProofDialog />
      <Announcer />
    </div>
  )
}

function Side({ open, live }: { open: boolean; live: boolean }) {
  return (
    <nav id="side" aria-label="Places" className={cx('border-r border-line bg-card lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col', open ? 'fixed inset-x-0 top-13 bottom-0 z-30 flex flex-col overflow-y-auto' : 'max-lg:hidden')}>
      <Link to="/" className="flex items-center gap-2.5 px-5 py-4 text-lg font-bold max-lg:hidden">
        <img src="/console/icon.svg" alt="" className="size-7" /> Counterfoil
      </Link>
      <ul className="flex-1 space-y-0.5 px-3 py-1">
        {usePlaces().map(({ name, to, icon: Icon }) => (
            <li key={to}>
              <Link to={`/${to.split('/')[1]}` as typeof to} activeOptions={{ exact: to === '/' }} className="flex items-center gap-3 rounded-lg px-3 py-2 text-soft hover:bg-paper hover:text-ink" activeProps={{ className: 'bg-mint! text-ink! font-semibold' }}>
                <Icon aria-hidden="true" className="size-4.5" /> {name}
                {to === '/applications' && <Expiring />}
              </Link>
            </li>
          ))}
      </ul>
      <p className="px-5 py-3 text-xs text-soft">
        <span aria-hidden="true" className={cx('mr-2 inline-block size-2 rounded-full', live ? 'bg-good' : 'bg-edge')} />
        {live ? 'Live' : 'Not live: reload to see what others change'}
      </p>
    </nav>
  )
}

/**
 * How many credentials end within 30 days, beside the place where they are renewed. It is a hint on every screen, so it is not asked
 * for at each change: it only looks at what the overview has, and has that fetched when it is old.
 */
function Expiring() {
  const may = useMay()('credentials:read')
  const queries = useQueryClient()
  useQuery({ queryKey: ['hint', 'expiring'], queryFn: async () => (await queries.fetchQuery(overviewQuery)).counts.expiring_30d ?? 0, enabled: may, staleTime: 5 * 60_000 })
  const { data } = useQuery({ ...overviewQuery, select: ({ counts }) => counts.expiring_30d, enabled: false })
  if (!data) return null
  const words = `${data === 1 ? 'credential expires' : 'credentials expire'} within 30 days`
  return (
    <span className="ml-auto rounded-full border border-warn bg-sand px-2 text-sm text-ink tabular-nums" title={`${data} ${words}`}>
      {data}
      <span className="sr-only"> {words}</span>
    </span>
  )
}

/** Keeps what is on the screen true while others work. */
function useLive() {
  const queries = useQueryClient()
  const { scopes } = useSession()
  const may = scopes.includes('ledger:read')
  const [live, setLive] = useState(false)
  useEffect(() => (may ? listen(queries, setLive) : undefined), [queries, may])
  return live
}
