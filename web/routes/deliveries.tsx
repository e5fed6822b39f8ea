/**
 * All deliveries, over all workflows: what is listed stands in the address. Some of them, or all that
 * match, can be sent once more in bulk; the job stands in the address too, so that a reload finds it.
 */
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import type { ReactNode } from 'react'
import { redeliverMany } from '../api/operations.ts'
import { deliveriesOf } from '../api/sources.ts'
import { chosenText } from '../model/choice.ts'
import { filterOf, matchingOf } from '../model/delivery-filter.ts'
import type { DeliveryFilter } from '../model/delivery-filter.ts'
import { plural } from '../model/quantity.ts'
import { withChange } from '../model/search-change.ts'
import { DeliveryFilters } from '../operations/delivery-filters.tsx'
import { DeliveryTable } from '../operations/delivery-table.tsx'
import { BulkBar } from '../parts/bulk-bar.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { useKeys } from '../parts/keys.ts'
import { lazyPart } from '../parts/lazy-part.tsx'
import { LiveSwitch } from '../parts/live-switch.tsx'
import { notifyProblem } from '../parts/notice.tsx'
import { usePageActions } from '../parts/page-actions.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { RunningJobs } from '../parts/running-jobs.tsx'
import { useChoice } from '../parts/use-choice.ts'
import type { Choosing } from '../parts/use-choice.ts'
import { useRowFeed } from '../parts/use-row-feed.ts'
import { TopBar } from '../shell/top-bar.tsx'

export type DeliveriesSearch = DeliveryFilter & { readonly bulk?: string }
type Change = { readonly [Name in keyof DeliveriesSearch]?: string | undefined }

const GROUP = 'These deliveries'
const PATH = '/deliveries'

export function DeliveriesPage() {
  const search: DeliveriesSearch = useSearch({ from: '/inside/deliveries' })
  const navigate = useNavigate({ from: PATH })
  const filter = filterOf(search)
  const name = JSON.stringify(filter)
  const { feed, view } = useRowFeed(name, () => deliveriesOf(filter))
  const choosing = useChoice(view.rows, name)
  const [isPaused, setPaused] = useState(false)
  const [areJobsOpen, setJobsOpen] = useState(false)
  const pause = (paused: boolean): void => {
    setPaused(paused)
    if (!paused) feed.letAllIn()
  }
  useKeys({ p: () => pause(!isPaused), Escape: choosing.clear })
  const router = useRouter()
  const change = (next: Change): void => {
    // An answer that comes late leads nobody back who has left.
    if (router.state.location.pathname !== PATH) return
    void navigate({ search: (before) => withChange(before, next), replace: true })
  }
  usePageActions(() => [
    {
      name: isPaused ? 'Go live' : 'Pause the list',
      group: GROUP,
      also: 'live updates pause',
      keyHint: 'p',
      run: () => pause(!isPaused),
    },
    {
      name: 'Recent jobs',
      group: GROUP,
      also: 'bulk replay redeliver progress',
      run: () => setJobsOpen(true),
    },
    ...(Object.keys(filter).length === 0
      ? []
      : [
          {
            name: 'Show all deliveries',
            group: GROUP,
            also: 'clear filters reset',
            run: () => change(cleared),
          },
        ]),
  ])
  const isEmpty = view.rows.length === 0 && view.heldCount === 0 && !view.hasOlder
  return (
    <div className="page">
      <title>Deliveries · Sendoff</title>
      <TopBar title="Deliveries" nav />
      <main className="list-page">
        <DeliveryFilters filter={filter} change={change}>
          <LiveSwitch
            live={view.live}
            heldCount={view.heldCount}
            isPaused={isPaused}
            pause={pause}
          />
        </DeliveryFilters>
        <RunningJobs except={search.bulk} />
        {search.bulk !== undefined && (
          <BulkBar
            id={search.bulk}
            close={() => change({ bulk: undefined })}
            ended={() => feed.readAgain()}
          />
        )}
        {view.problem && <ProblemNote problem={view.problem} retry={() => feed.readAgain()} />}
        {view.phase === 'loading' && <Skeleton lines={12} />}
        {view.phase === 'ready' && isEmpty && (
          <Nothing isFiltered={Object.keys(filter).length > 0} clear={() => change(cleared)} />
        )}
        {view.phase !== 'loading' && !isEmpty && (
          <>
            <Choice choosing={choosing} filter={filter} begun={(bulk) => change({ bulk })}>
              <button type="button" className="link jobs-link" onClick={() => setJobsOpen(true)}>
                Recent jobs
              </button>
            </Choice>
            <DeliveryTable feed={feed} view={view} isPaused={isPaused} choosing={choosing} />
          </>
        )}
      </main>
      <Suspense>{areJobsOpen && <JobsDialog close={() => setJobsOpen(false)} />}</Suspense>
    </div>
  )
}

const JobsDialog = lazyPart(async () => (await import('../operations/jobs-dialog.tsx')).JobsDialog)

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
  readonly choosing: Choosing
  readonly filter: DeliveryFilter
  readonly begun: (bulkId: string) => void
  readonly children: ReactNode
}

/** What may be done with the chosen ones, or with all that match. */
function Choice({ choosing, filter, begun, children }: ChoiceProps) {
  const { choice, isAny, clear } = choosing
  const { mutate, isPending } = useMutation({
    mutationFn: redeliverMany,
    onSuccess: ({ id }) => {
      clear()
      begun(id)
    },
    onError: notifyProblem,
  })
  const matching = matchingOf(filter)
  usePageActions(() => [
    ...(isAny
      ? [
          {
            name: `Redeliver ${plural(choice.ids.size, 'selected delivery', 'selected deliveries')}`,
            group: GROUP,
            also: 'retry send again bulk',
            run: () => mutate({ ids: [...choice.ids] }),
          },
        ]
      : []),
    ...(matching.kind === 'none'
      ? []
      : [
          {
            name: `Redeliver ${matching.words}`,
            group: GROUP,
            also: 'retry send again bulk',
            run: () => mutate(matching.filter),
          },
        ]),
  ])
  return (
    <div className="choice-bar">
      {isAny ? (
        <>
          <span role="status">{chosenText(choice, ['delivery', 'deliveries'])}</span>
          <button
            type="button"
            className="primary"
            disabled={isPending}
            onClick={() => mutate({ ids: [...choice.ids] })}
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
      {children}
    </div>
  )
}
