/** Destinations: where deliveries go, how each is doing now, and what a person decides about it. */
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { withChange } from '../model/search-change.ts'
import { DestinationRow } from '../operations/destination-row.tsx'
import { useDestinations, useLiveHints } from '../operations/use-live-destinations.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { useKeys } from '../parts/keys.ts'
import { LiveMark, NewPill } from '../parts/live-switch.tsx'
import { OlderButton } from '../parts/older-button.tsx'
import { usePageActions } from '../parts/page-actions.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export type DestinationsSearch = { readonly q?: string }

const PATH = '/destinations'

export function DestinationsPage() {
  const { q = '' }: DestinationsSearch = useSearch({ from: '/inside/destinations' })
  const live = useLiveHints()
  const searchBox = useId()
  const search = () => document.getElementById(searchBox)?.focus()
  useKeys({ '/': search })
  usePageActions(() => [
    {
      name: 'Search destinations',
      group: 'These destinations',
      also: 'find filter',
      keyHint: '/',
      run: search,
    },
  ])
  const router = useRouter()
  const navigate = useNavigate({ from: PATH })
  const find = (wanted: string): void => {
    // What comes late leads nobody back who has left.
    if (router.state.location.pathname !== PATH) return
    void navigate({ search: (before) => withChange(before, { q: wanted }), replace: true })
  }
  return (
    <div className="page">
      <title>Destinations · Sendoff</title>
      <TopBar title="Destinations" nav>
        <LiveMark live={live} />
      </TopBar>
      <main className="list-page">
        <div className="filters" role="search" aria-label="Destinations">
          <SearchBox
            id={searchBox}
            label="Search destinations"
            placeholder="Search host"
            text={q}
            change={find}
          />
        </div>
        <DestinationTable key={q} q={q} clear={() => find('')} />
      </main>
    </div>
  )
}

type TableProps = { readonly q: string; readonly clear: () => void }

function DestinationTable({ q, clear }: TableProps) {
  const [isAt, setAt] = useState(false)
  const { rows, heldCount, letIn, query } = useDestinations(q, isAt)
  if (!rows) {
    const { error, refetch } = query
    if (!error) return <Skeleton lines={6} />
    return <ProblemNote problem={error} retry={() => void refetch()} />
  }
  if (rows.length === 0) return <Nothing q={q} clear={clear} />
  return (
    <>
      <div
        className="destinations-place"
        onPointerEnter={() => setAt(true)}
        onPointerLeave={({ currentTarget }) => setAt(hasFocus(currentTarget))}
        onFocus={() => setAt(true)}
        onBlur={({ currentTarget, relatedTarget }) => setAt(currentTarget.contains(relatedTarget))}
      >
        {heldCount > 0 && <NewPill heldCount={heldCount} show={letIn} />}
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Destination</th>
                <th scope="col">State</th>
                <th
                  scope="col"
                  className="number"
                  title="Attempts in flight, of those that may be at once"
                >
                  In flight
                </th>
                <th scope="col" className="number" title="Attempts of the last minutes">
                  Delivered
                </th>
                <th scope="col" className="number">
                  p50 · p95
                </th>
                <th scope="col">Last error</th>
                <th scope="col">Limits</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((destination) => (
                <DestinationRow key={destination.id} destination={destination} />
              ))}
            </tbody>
          </table>
        </div>
      </div>
      <p className="list-end">
        <OlderButton list={query} text="Show more" />
      </p>
    </>
  )
}

function Nothing({ q, clear }: TableProps) {
  if (q === '') {
    return (
      <EmptyState command="$send.http({ method: 'POST', url: 'https://example.com', data: $event.body })">
        A destination is listed once something was sent there; a code step sends with this:
      </EmptyState>
    )
  }
  return (
    <EmptyState
      action={
        <button type="button" onClick={clear}>
          Show all
        </button>
      }
    >
      No destination has this in its name.
    </EmptyState>
  )
}

const hasFocus = (element: Element): boolean => element.contains(document.activeElement)
