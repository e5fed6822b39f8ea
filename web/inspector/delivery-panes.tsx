/** Request, response, timing and attempts of a delivery, and what can be done with it. */
import { Tabs } from '@base-ui/react/tabs'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { use, useState } from 'react'
import type { ReactNode } from 'react'
import type { AttemptWire, DeliveryWire } from '../../src/inspector/wire-event.ts'
import { cancelDelivery, deliveryQuery, redeliver } from '../api/queries.ts'
import { curl } from '../model/curl.ts'
import { count } from '../model/quantity.ts'
import { sendCall } from '../model/send-call.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { OlderButton } from '../parts/older-button.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { AttemptCompare } from './attempt-compare.tsx'
import { AttemptTable } from './attempt-table.tsx'
import { CapturedContext } from './captured.ts'
import { usePlace } from './place.ts'
import { RequestMessage, ResponseMessage } from './http-message.tsx'
import { Timing } from './timing.tsx'

const panes = ['request', 'response', 'timing', 'attempts'] as const
type Pane = (typeof panes)[number]

const titles: Readonly<Record<Pane, string>> = {
  request: 'Request',
  response: 'Response',
  timing: 'Timing',
  attempts: 'Attempts',
}

type Props = { readonly delivery: DeliveryWire }

export function DeliveryPanes({ delivery }: Props) {
  return delivery.abridged ? <ReadPanes delivery={delivery} /> : <Panes delivery={delivery} />
}

/** What the event's own answer had no room for is read when it is looked at. */
function ReadPanes({ delivery }: Props) {
  const { search } = usePlace()
  const query = useInfiniteQuery(deliveryQuery(search.event!, delivery.id))
  const { data, error, refetch } = query
  if (data) return <Panes delivery={data} earlier={<OlderButton list={query} />} />
  if (error) return <ProblemNote problem={error} retry={() => void refetch()} />
  return <Skeleton lines={4} />
}

function Panes({ delivery, earlier }: Props & { readonly earlier?: ReactNode }) {
  const { search, go } = usePlace()
  const isCaptured = use(CapturedContext)
  const [chosen, setChosen] = useState<number | null>(null)
  const { attempts, request } = delivery
  const latest = attempts.at(-1)
  const attempt = attempts.find(({ number }) => number === chosen) ?? latest
  const pane = panes.find((known) => known === search.pane) ?? (attempt ? 'response' : 'request')
  return (
    <div className="delivery-panes">
      <Tabs.Root value={pane} onValueChange={(next: Pane) => go({ pane: next }, { replace: true })}>
        <div className="tab-line">
          <Tabs.List className="tabs" aria-label="Delivery">
            {panes.map((name) => (
              <Tabs.Tab key={name} value={name} className="tab">
                {titles[name]}
                {name === 'attempts' && latest && latest.number > 1 && ` ${count(latest.number)}`}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {!isCaptured && <Actions delivery={delivery} />}
        </div>
        <Tabs.Panel value="request">
          <RequestMessage request={{ ...request, ...attempt?.request }} />
        </Tabs.Panel>
        <Tabs.Panel value="response">
          <Answer delivery={delivery} attempt={attempt} />
        </Tabs.Panel>
        <Tabs.Panel value="timing">
          {attempt?.timings ? (
            <Timing attempt={attempt} timings={attempt.timings} />
          ) : (
            <NoAttempt />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="attempts">
          {attempt ? (
            <>
              {earlier}
              <AttemptTable attempts={attempts} chosen={attempt.number} choose={setChosen} />
              {attempts.length > 1 && <AttemptCompare delivery={delivery} chosen={attempt} />}
            </>
          ) : (
            <NoAttempt />
          )}
        </Tabs.Panel>
      </Tabs.Root>
      <p className="copies">
        <CopyButton
          text={() => curl(sentOf(request, attempt))}
          what="the delivery as cURL"
          label="cURL"
        />
        <CopyButton text={() => sendCall(request)} what="it as $send.http" label="$send.http" />
      </p>
    </div>
  )
}

const NoAttempt = () => <p className="faint pane-note">No attempt has ended yet.</p>

function Answer({
  delivery,
  attempt,
}: {
  delivery: DeliveryWire
  attempt: AttemptWire | undefined
}) {
  const isCaptured = use(CapturedContext)
  if (!attempt) {
    const why = isCaptured ? 'Captured by the dry run, not sent.' : waitingFor(delivery)
    return <p className="faint pane-note">{why}</p>
  }
  return (
    <>
      {attempt.error && (
        <div className="verdict" data-tone="failed" role="note">
          <p>
            {attempt.code !== null && <strong className="mono">{attempt.code} </strong>}
            {attempt.error.message}
          </p>
          {attempt.error.detail !== null && attempt.error.detail !== attempt.code && (
            <p className="mono faint">{attempt.error.detail}</p>
          )}
        </div>
      )}
      {attempt.response && <ResponseMessage response={attempt.response} />}
      {!attempt.response && !attempt.error && (
        <p className="faint pane-note">No response was read.</p>
      )}
    </>
  )
}

function waitingFor({ status }: DeliveryWire): string {
  // One that a crash cut has an attempt that says so.
  if (status === 'held') return 'Held: its destination is paused. It is sent when that is resumed.'
  if (status === 'canceled') return 'Canceled before an attempt was made.'
  return 'No answer yet: the request is on its way.'
}

/** With the headers as they were sent, unless a redirect made another request of it. */
function sentOf(request: DeliveryWire['request'], attempt: AttemptWire | undefined) {
  const { method, url, body, bodyEncoding } = request
  const sent = attempt?.request
  const isSame = sent?.method === method && sent.url === url
  const headers = isSame ? sent.headers : request.headers
  return { method, url, headers, body: body === null ? null : { body, bodyEncoding } }
}

function Actions({ delivery: { id, status } }: { readonly delivery: DeliveryWire }) {
  const queries = useQueryClient()
  const again = () => queries.invalidateQueries({ queryKey: ['event'] })
  const send = useMutation({
    mutationFn: () => redeliver(id),
    onSuccess: () => {
      notify('Sent once more')
      return again()
    },
    onError: notifyProblem,
  })
  const stop = useMutation({
    mutationFn: () => cancelDelivery(id),
    onSuccess: () => {
      notify('Canceled')
      return again()
    },
    onError: notifyProblem,
  })
  const canCancel = status === 'pending' || status === 'held'
  return (
    <span className="tab-actions">
      {canCancel && (
        <button type="button" disabled={stop.isPending} onClick={() => stop.mutate()}>
          Cancel
        </button>
      )}
      {status !== 'sending' && (
        <button type="button" disabled={send.isPending} onClick={() => send.mutate()}>
          Redeliver
        </button>
      )}
    </span>
  )
}
