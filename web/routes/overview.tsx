/** Figures over time: how much came in, what became of it, how long it took, what waits. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Suspense } from 'react'
import type { StatsWire } from '../../src/inspector/wire-operations.ts'
import { statsQuery } from '../api/operations.ts'
import { workflowsQuery } from '../api/queries.ts'
import { curlOfCreation, curlOfEndpoint } from '../model/curl.ts'
import { headlinesOf } from '../model/headlines.ts'
import { plotsOf } from '../model/plots.ts'
import { withChange } from '../model/search-change.ts'
import { spanOf, spans } from '../model/span.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import { usePageActions } from '../parts/page-actions.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Segments } from '../parts/segments.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

const PlotView = lazyPart(async () => (await import('../operations/plot-view.tsx')).PlotView)

export type OverviewSearch = { readonly span?: string; readonly workflow?: string }

export function OverviewPage() {
  const search: OverviewSearch = useSearch({ from: '/inside/overview' })
  const navigate = useNavigate({ from: '/overview' })
  const span = spanOf(search.span)
  const { data: workflows = [] } = useQuery(workflowsQuery)
  const { data, error, refetch } = useQuery(statsQuery(span, search.workflow))
  const change = (next: { readonly [Name in keyof OverviewSearch]?: string }): void =>
    void navigate({ search: (before) => withChange(before, next), replace: true })
  usePageActions(() => [
    ...spans
      .filter(({ name }) => name !== span.name)
      .map(({ name, words }) => ({
        name: `Show ${words}`,
        group: 'Overview',
        also: `range span ${name}`,
        run: () => change({ span: name }),
      })),
    ...(search.workflow === undefined
      ? []
      : [{ name: 'Show all workflows', group: 'Overview', run: () => change({ workflow: '' }) }]),
  ])
  return (
    <div className="page">
      <title>Overview · Sendoff</title>
      <TopBar title="Overview" nav />
      <main className="list-page">
        <div className="filters">
          <Segments
            label="Span"
            options={spans.map(({ name }) => name)}
            value={span.name}
            choose={(name) => change({ span: name })}
            text={(name) => name}
          />
          <span className="filter">
            <label htmlFor="overview-workflow">Workflow</label>
            <select
              id="overview-workflow"
              value={search.workflow ?? ''}
              onChange={({ target }) => change({ workflow: target.value })}
            >
              <option value="">All</option>
              {workflows.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </span>
        </div>
        {error && !data && <ProblemNote problem={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton lines={10} />}
        {data && <Figures stats={data} words={span.words} endpoint={workflows[0]?.endpoint} />}
      </main>
    </div>
  )
}

const isNothing = (value: number | null): boolean => value === null || value === 0

type FiguresProps = {
  readonly stats: StatsWire
  readonly words: string
  readonly endpoint: string | undefined
}

function Figures({ stats, words, endpoint }: FiguresProps) {
  const { at, plots } = plotsOf(stats)
  const isEmpty = plots.every(({ lines }) => lines.every(({ values }) => values.every(isNothing)))
  return (
    <div className="figures">
      <dl className="headlines">
        {headlinesOf(stats).map(({ name, text, tone, title }) => (
          <div key={name} title={title}>
            <dt>{name}</dt>
            <dd data-tone={tone}>{text}</dd>
          </div>
        ))}
      </dl>
      {!stats.isExact && (
        <p
          className="figures-note faint"
          title="Events are all counted; what became of them is told by an even sample of each part of the span"
        >
          Estimated from a sample
        </p>
      )}
      {isEmpty && endpoint === undefined && (
        <EmptyState command={curlOfCreation(location.origin)}>
          Events come in once there is a workflow.
        </EmptyState>
      )}
      {isEmpty && endpoint !== undefined && (
        <EmptyState command={curlOfEndpoint(endpoint)}>Nothing came in during {words}.</EmptyState>
      )}
      {!isEmpty && (
        <div className="plots">
          <Suspense fallback={<Skeleton lines={10} />}>
            {plots.map((plot) => (
              <PlotView key={plot.title} plot={plot} at={at} words={words} />
            ))}
          </Suspense>
        </div>
      )}
    </div>
  )
}
