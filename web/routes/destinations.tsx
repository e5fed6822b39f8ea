/** Destinations: where deliveries go, how each is doing now, and what a person decides about it. */
import { useQuery } from '@tanstack/react-query'
import { destinationsQuery } from '../api/operations.ts'
import { DestinationRow } from '../operations/destination-row.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function DestinationsPage() {
  const { data, error, refetch } = useQuery(destinationsQuery)
  return (
    <div className="page">
      <title>Destinations · Sendoff</title>
      <TopBar title="Destinations" nav />
      <main className="list-page">
        {error && !data && <ProblemNote problem={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton lines={6} />}
        {data?.length === 0 && (
          <EmptyState command="$send.http({ method: 'POST', url: 'https://example.com', data: $event.body })">
            A destination is listed once something was sent there; a code step sends with this:
          </EmptyState>
        )}
        {data && data.length > 0 && (
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
                {data.map((destination) => (
                  <DestinationRow key={destination.id} destination={destination} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </main>
    </div>
  )
}
