/** Destinations: where deliveries go, how each is doing now, and what a person decides about it. */
import { useState } from 'react'
import { DestinationRow } from '../operations/destination-row.tsx'
import { useLiveDestinations } from '../operations/use-live-destinations.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { LiveMark, NewPill } from '../parts/live-switch.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function DestinationsPage() {
  const [isAt, setAt] = useState(false)
  const { rows, heldCount, letIn, live, error, readAgain } = useLiveDestinations(isAt)
  return (
    <div className="page">
      <title>Destinations · Sendoff</title>
      <TopBar title="Destinations" nav>
        <LiveMark live={live} />
      </TopBar>
      <main className="list-page">
        {error && !rows && <ProblemNote problem={error} retry={readAgain} />}
        {!rows && !error && <Skeleton lines={6} />}
        {rows?.length === 0 && heldCount === 0 && (
          <EmptyState command="$send.http({ method: 'POST', url: 'https://example.com', data: $event.body })">
            A destination is listed once something was sent there; a code step sends with this:
          </EmptyState>
        )}
        {rows && rows.length > 0 && (
          <div
            className="table-place"
            onPointerEnter={() => setAt(true)}
            onPointerLeave={({ currentTarget }) => setAt(hasFocus(currentTarget))}
            onFocus={() => setAt(true)}
            onBlur={({ currentTarget, relatedTarget }) =>
              setAt(currentTarget.contains(relatedTarget))
            }
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
        )}
      </main>
    </div>
  )
}

const hasFocus = (element: Element): boolean => element.contains(document.activeElement)
