/** The last line of every page: which wall stands around user code, how far behind the server is, its version. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { healthQuery } from '../api/operations.ts'
import { footView } from '../model/foot-view.ts'

export function FootBar() {
  const { data, error } = useQuery(healthQuery)
  const view = footView(data, error !== null)
  return (
    <footer className="foot-bar">
      {view.facts.map(({ text, title, tone, status }) =>
        status === undefined ? (
          <span key={text} data-tone={tone} title={title}>
            {text}
          </span>
        ) : (
          <Link key={text} to="/deliveries" search={{ status }} title={title}>
            {text}
          </Link>
        ),
      )}
      <Link className="foot-end" to="/settings">
        {view.version}
      </Link>
    </footer>
  )
}
