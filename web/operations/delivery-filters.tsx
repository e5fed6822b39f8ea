/** The filters of the list of deliveries, each with its own name and value in the address. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import type { ReactNode } from 'react'
import { destinationsQuery } from '../api/operations.ts'
import { workflowsQuery } from '../api/queries.ts'
import { deliveryStates, failureCodes } from '../model/delivery-filter.ts'
import type { DeliveryFilter } from '../model/delivery-filter.ts'
import { shownOrigin } from '../model/destination-view.ts'
import { deliveryStatus } from '../model/status-words.ts'
import { useKeys } from '../parts/keys.ts'
import { usePageActions } from '../parts/page-actions.ts'
import { SearchBox } from '../parts/search-box.tsx'

type Change = { readonly [Name in keyof DeliveryFilter]?: string | undefined }
type Props = {
  readonly filter: DeliveryFilter
  readonly change: (next: Change) => void
  readonly children: ReactNode
}

export function DeliveryFilters({ filter, change, children }: Props) {
  const searchBox = useId()
  const search = () => document.getElementById(searchBox)?.focus()
  useKeys({ '/': search })
  usePageActions(() => [
    {
      name: 'Search deliveries',
      group: 'These deliveries',
      also: 'find filter',
      keyHint: '/',
      run: () => search(),
    },
  ])
  const { data: workflows = [] } = useQuery(workflowsQuery)
  // The first of them: more would be no choice, and each leads here from the page of destinations.
  const { data: destinations = [] } = useInfiniteQuery(destinationsQuery())
  const origins = new Set(destinations.map(({ origin }) => origin))
  if (filter.origin !== undefined) origins.add(filter.origin)
  return (
    <div className="filters" role="search" aria-label="Deliveries">
      {children}
      <SearchBox
        id={searchBox}
        label="Search deliveries"
        placeholder="Search address, step or reason"
        text={filter.q ?? ''}
        change={(q) => change({ q: q === '' ? undefined : q })}
      />
      <Choice label="Status" value={filter.status} change={(status) => change({ status })}>
        {deliveryStates.map((status) => (
          <option key={status} value={status}>
            {deliveryStatus(status).text}
          </option>
        ))}
      </Choice>
      <Choice label="Reason" value={filter.code} change={(code) => change({ code })}>
        {failureCodes.map((code) => (
          <option key={code}>{code}</option>
        ))}
      </Choice>
      <Choice label="Workflow" value={filter.workflow} change={(workflow) => change({ workflow })}>
        {workflows.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Choice>
      <Choice label="Destination" value={filter.origin} change={(origin) => change({ origin })}>
        {[...origins].map((origin) => (
          <option key={origin} value={origin}>
            {shownOrigin(origin)}
          </option>
        ))}
      </Choice>
    </div>
  )
}

type ChoiceProps = {
  readonly label: string
  readonly value: string | undefined
  readonly change: (value: string | undefined) => void
  readonly children: ReactNode
}

function Choice({ label, value, change, children }: ChoiceProps) {
  const id = useId()
  return (
    <span className="filter">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value ?? ''}
        data-set={value !== undefined}
        onChange={({ target }) => change(target.value === '' ? undefined : target.value)}
      >
        <option value="">Any</option>
        {children}
      </select>
    </span>
  )
}
