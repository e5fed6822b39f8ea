/** One destination: how it is doing, and pausing, resuming and limiting it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { DestinationWire } from '../../src/inspector/wire-operations.ts'
import { changeDestination, replaceDestination } from '../api/operations.ts'
import type { DestinationChange } from '../api/operations.ts'
import {
  destinationState,
  flightText,
  latencyText,
  limitsText,
  recentText,
  shownOrigin,
  waitingText,
} from '../model/destination-view.ts'
import { notifyProblem } from '../parts/notice.tsx'
import { usePageActions } from '../parts/page-actions.ts'
import { RelativeTime } from '../parts/relative-time.tsx'
import { StatusText } from '../parts/status-text.tsx'

export function DestinationRow({ destination }: { readonly destination: DestinationWire }) {
  const { id, origin, paused, lastError } = destination
  const [isEditing, setEditing] = useState(false)
  const change = useChange(id)
  const navigate = useNavigate()
  const waiting = waitingText(destination)
  const shown = shownOrigin(origin)
  usePageActions(() => [
    {
      name: `${paused ? 'Resume' : 'Pause'} ${shown}`,
      group: 'Destination',
      also: paused ? 'start' : 'stop hold',
      run: () => change.mutate({ paused: !paused }),
    },
    {
      name: `Limit ${shown}…`,
      group: 'Destination',
      also: 'cap rate concurrency',
      run: () => setEditing(true),
    },
    {
      name: `Deliveries to ${shown}`,
      group: 'Destination',
      run: () => void navigate({ to: '/deliveries', search: { origin } }),
    },
  ])
  return (
    <>
      <tr>
        <th scope="row">
          <Link to="/deliveries" search={{ origin }} title="Show its deliveries">
            {shown}
          </Link>
        </th>
        <td>
          <StatusText status={destinationState(destination)} />
          {waiting !== '' && <span className="faint"> · {waiting}</span>}
        </td>
        <td className="number">{flightText(destination)}</td>
        <td className="number">{recentText(destination)}</td>
        <td className="number">{latencyText(destination)}</td>
        <td className="cell-error" title={lastError?.message}>
          {lastError && (
            <>
              <span data-tone="failed">{lastError.code}</span>{' '}
              <span className="faint">
                <RelativeTime at={lastError.at} />
              </span>
            </>
          )}
        </td>
        <td>
          <button
            type="button"
            className="link"
            aria-expanded={isEditing}
            onClick={() => setEditing(!isEditing)}
          >
            {limitsText(destination)}
            <span className="visually-hidden"> for {origin}</span>
          </button>
        </td>
        <td className="cell-actions">
          <button
            type="button"
            disabled={change.isPending}
            onClick={() => change.mutate({ paused: !paused })}
          >
            {paused ? 'Resume' : 'Pause'}
            <span className="visually-hidden"> {origin}</span>
          </button>
        </td>
      </tr>
      {isEditing && (
        <tr className="row-editor">
          <td colSpan={8}>
            <LimitsForm
              destination={destination}
              isSaving={change.isPending}
              save={(next) => change.mutate(next, { onSuccess: () => setEditing(false) })}
            />
          </td>
        </tr>
      )}
    </>
  )
}

function useChange(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: DestinationChange) => changeDestination(id, change),
    onSuccess: (changed) => replaceDestination(queries, changed),
    onError: notifyProblem,
  })
}

type FormProps = {
  readonly destination: DestinationWire
  readonly isSaving: boolean
  readonly save: (change: DestinationChange) => void
}

/** An empty field is the default. */
function LimitsForm({ destination, isSaving, save }: FormProps) {
  const { concurrency, ratePerSecond } = destination
  const [atOnce, setAtOnce] = useState(String(concurrency ?? ''))
  const [rate, setRate] = useState(String(ratePerSecond ?? ''))
  const read = (text: string): number | null => (text.trim() === '' ? null : Number(text))
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        save({ concurrency: read(atOnce), ratePerSecond: read(rate) })
      }}
    >
      <label>
        At once
        <input
          type="number"
          min={1}
          step={1}
          autoFocus
          placeholder="32"
          value={atOnce}
          onChange={({ target }) => setAtOnce(target.value)}
        />
      </label>
      <label>
        Requests/s
        <input
          type="number"
          min={0}
          step="any"
          placeholder="No limit"
          value={rate}
          onChange={({ target }) => setRate(target.value)}
        />
      </label>
      <button type="submit" className="primary" disabled={isSaving}>
        Save
      </button>
    </form>
  )
}
