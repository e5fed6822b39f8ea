/** The filters of the list of deliveries, each with its own name and value in the address. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import type { ReactNode } from 'react'
import { destinationsQuery } from '../api/operations.ts'
import { workflowsQuery } from '../api/queries.ts'
import { deliveryStates, failureCodes } from '../model/delivery-filter.ts'
import type { DeliveryFilter } from '../model/delivery-filter.ts'
import { shownOrigin } from '../model/destination-view.ts'
import { deliveryStatus } from '../model/status-words.ts'
import { Icon } from '../parts/icon.tsx'
import { useKeys } from '../parts/keys.ts'

type Change = { readonly [Name in keyof DeliveryFilter]?: string | undefined }
type Props = {
  readonly filter: DeliveryFilter
  readonly change: (next: Change) => void
  readonly children: ReactNode
}

const TYPING_MS = 250

export function DeliveryFilters({ filter, change, children }: Props) {
  const { data: workflows = [] } = useQuery(workflowsQuery)
  const { data: destinations = [] } = useQuery(destinationsQuery)
  const origins = new Set(destinations.map(({ origin }) => origin))
  if (filter.origin !== undefined) origins.add(filter.origin)
  return (
    <div className="filters" role="search" aria-label="Deliveries">
      {children}
      <SearchField value={filter.q ?? ''} change={(q) => change({ q })} />
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

/** Typing is answered at once; the address and the list follow when the typing rests. */
function SearchField({
  value,
  change,
}: {
  value: string
  change: (q: string | undefined) => void
}) {
  const id = useId()
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  if (value !== known) {
    setKnown(value)
    setTyped(value)
  }
  useKeys({ '/': () => document.getElementById(id)?.focus() })
  useEffect(() => {
    const text = typed.trim()
    if (text === known) return undefined
    const timer = setTimeout(() => change(text === '' ? undefined : text), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, known, change])
  return (
    <div className="search-box">
      <Icon name="search" />
      <input
        id={id}
        type="search"
        aria-label="Search deliveries"
        placeholder="Search address, step or reason"
        value={typed}
        spellCheck={false}
        autoComplete="off"
        maxLength={500}
        onChange={({ target }) => setTyped(target.value)}
      />
    </div>
  )
}
