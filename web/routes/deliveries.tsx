/**
 * All deliveries, over all workflows: what is listed stands in the address. Some of them, or all that
 * match, can be sent once more in bulk; the job stands in the address too, so that a reload finds it.
 */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { deliveriesQuery, redeliverMany } from '../api/operations.ts'
import { filterOf, matchingOf } from '../model/delivery-filter.ts'
import type { DeliveryFilter } from '../model/delivery-filter.ts'
import { plural } from '../model/quantity.ts'
import { withChange } from '../model/search-change.ts'
import { DeliveryFilters } from '../operations/delivery-filters.tsx'
import { DeliveryTable } from '../operations/delivery-table.tsx'
import { BulkBar } from '../parts/bulk-bar.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { notifyProblem } from '../parts/notice.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

const REFETCH_MS = 4_000
const NONE: ReadonlySet<string> = new Set()

export type DeliveriesSearch = DeliveryFilter & { readonly bulk?: string }
type Change = { readonly [Name in keyof DeliveriesSearch]?: string | undefined }

export function DeliveriesPage() {
  const search: DeliveriesSearch = useSearch({ from: '/inside/deliveries' })
  const navigate = useNavigate({ from: '/deliveries' })
  const queries = useQueryClient()
  const filter = filterOf(search)
  const [chosen, setChosen] = useState(NONE)
  const list = useInfiniteQuery({
    ...deliveriesQuery(filter),
    // More than the newest page would be read anew as a whole.
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? REFETCH_MS : false),
  })
  const rows = list.data?.pages.flatMap(({ data }) => data)
  const change = (next: Change): void => {
    if (!('bulk' in next)) setChosen(NONE)
    void navigate({ search: (before) => withChange(before, next), replace: true })
  }
  return (
    <div className="page">
      <title>Deliveries · Sendoff</title>
      <TopBar title="Deliveries" nav />
      <main className="list-page">
        <DeliveryFilters filter={filter} change={change} />
        {search.bulk !== undefined && (
          <BulkBar
            id={search.bulk}
            close={() => change({ bulk: undefined })}
            ended={() => void queries.invalidateQueries({ queryKey: ['deliveries'] })}
          />
        )}
        {list.error && !rows && (
          <ProblemNote problem={list.error} retry={() => void list.refetch()} />
        )}
        {!rows && !list.error && <Skeleton lines={12} />}
        {rows && rows.length === 0 && !list.hasNextPage && (
          <Nothing isFiltered={Object.keys(filter).length > 0} clear={() => change(cleared)} />
        )}
        {rows && (rows.length > 0 || list.hasNextPage) && (
          <>
            <Choice
              chosen={chosen}
              filter={filter}
              clear={() => setChosen(NONE)}
              begun={(bulk) => {
                setChosen(NONE)
                change({ bulk })
              }}
            />
            <DeliveryTable
              rows={rows}
              chosen={chosen}
              choose={setChosen}
              hasMore={list.hasNextPage}
              isReading={list.isFetchingNextPage}
              readMore={() => void list.fetchNextPage()}
            />
          </>
        )}
      </main>
    </div>
  )
}

const cleared: Change = {
  workflow: undefined,
  status: undefined,
  code: undefined,
  origin: undefined,
  q: undefined,
}

function Nothing({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState
        action={
          <button type="button" onClick={clear}>
            Show all
          </button>
        }
      >
        No delivery meets these filters.
      </EmptyState>
    )
  }
  return (
    <EmptyState command="$send.http({ method: 'POST', url: 'https://example.com', data: $event.body })">
      Nothing has been sent yet; a code step sends with this:
    </EmptyState>
  )
}

type ChoiceProps = {
  readonly chosen: ReadonlySet<string>
  readonly filter: DeliveryFilter
  readonly clear: () => void
  readonly begun: (bulkId: string) => void
}

/** What may be done with the chosen ones, or with all that match. */
function Choice({ chosen, filter, clear, begun }: ChoiceProps) {
  const queries = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: redeliverMany,
    onSuccess: ({ id }) => {
      begun(id)
      void queries.invalidateQueries({ queryKey: ['deliveries'] })
    },
    onError: notifyProblem,
  })
  const matching = matchingOf(filter)
  return (
    <div className="choice-bar">
      {chosen.size > 0 ? (
        <>
          <span role="status">{plural(chosen.size, 'delivery', 'deliveries')} selected</span>
          <button
            type="button"
            className="primary"
            disabled={isPending}
            onClick={() => mutate({ ids: [...chosen] })}
          >
            Redeliver
          </button>
          <button type="button" className="link" onClick={clear}>
            Clear
          </button>
        </>
      ) : (
        <span className="faint">Select rows to redeliver them, or</span>
      )}
      {matching.kind === 'none' ? (
        <span className="faint">{matching.because}</span>
      ) : (
        <button
          type="button"
          className="link"
          disabled={isPending}
          onClick={() => mutate(matching.filter)}
        >
          Redeliver {matching.words}
        </button>
      )}
    </div>
  )
}
