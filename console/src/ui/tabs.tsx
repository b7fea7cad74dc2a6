import { Tabs as Base } from '@base-ui/react/tabs'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'

const bar = 'mb-6 flex gap-1 overflow-x-auto border-b border-line'
const tab = 'shrink-0 cursor-pointer border-b-2 border-transparent px-3 py-2 font-semibold whitespace-nowrap text-soft hover:text-ink'

/** The parts of one thing, each with an address of its own. */
export function TabLinks({ label, tabs }: { label: string; tabs: readonly (LinkProps & { children: ReactNode })[] }) {
  return (
    <nav aria-label={label} className={bar}>
      {tabs.map((each, i) => (
        <Link key={i} activeOptions={{ exact: true, includeSearch: false }} {...each} className={tab} activeProps={{ className: 'border-accent! text-ink!' }} />
      ))}
    </nav>
  )
}

/** Several ways to see the same, without an address. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly { name: string; children: ReactNode }[] }) {
  return (
    <Base.Root defaultValue={tabs[0]?.name}>
      <Base.List aria-label={label} className="mb-3 flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map(({ name }) => (
          <Base.Tab key={name} value={name} className={`${tab} data-active:border-accent data-active:text-ink`}>
            {name}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map(({ name, children }) => (
        <Base.Panel key={name} value={name}>
          {children}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
