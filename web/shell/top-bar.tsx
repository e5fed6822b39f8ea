/** The first line of every page: where one is, the page's own actions, and the palette. */
import { Link } from '@tanstack/react-router'
import { use } from 'react'
import type { ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import { withCommand } from '../parts/keys.ts'
import { MainNav } from './main-nav.tsx'
import { ShellContext } from './shell-context.ts'

type Props = {
  readonly title?: ReactNode
  /** The ways to the other pages stand where the title would, and the open one is the title. */
  readonly nav?: boolean
  readonly children?: ReactNode
}

const COMMAND = withCommand('K')

export function TopBar({ title, nav = false, children }: Props) {
  const { openPalette } = use(ShellContext)
  return (
    <header className="top-bar">
      <Link to="/" className="wordmark">
        Sendoff
      </Link>
      {nav && <MainNav />}
      {title !== undefined && <h1 className={nav ? 'visually-hidden' : 'top-title'}>{title}</h1>}
      <div className="top-actions">
        {children}
        <button
          type="button"
          className="quiet"
          onClick={openPalette}
          aria-label={`${COMMAND}, command palette`}
        >
          <kbd>{COMMAND}</kbd>
          <Icon name="search" />
        </button>
      </div>
    </header>
  )
}
