/** The ways between the pages; the one that is open says so. */
import { Link } from '@tanstack/react-router'

export const pages = [
  { to: '/', name: 'Workflows' },
  { to: '/deliveries', name: 'Deliveries' },
  { to: '/destinations', name: 'Destinations' },
  { to: '/overview', name: 'Overview' },
  { to: '/settings', name: 'Settings' },
] as const

export function MainNav() {
  return (
    <nav className="main-nav" aria-label="Main">
      {pages.map(({ to, name }) => (
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }}>
          {name}
        </Link>
      ))}
    </nav>
  )
}
