/** A delivery: one line until opened, then its four panes. Which one is open stands in the address. */
import { Suspense, use } from 'react'
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'
import { count, duration } from '../model/quantity.ts'
import { capturedResult, deliveryResult } from '../model/status-words.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { CapturedContext } from './captured.ts'
import { usePlace } from './place.ts'

const DeliveryPanes = lazyPart(async () => (await import('./delivery-panes.tsx')).DeliveryPanes)

const signs = { ok: '', failed: '✕', waiting: '…', plain: '', faint: '' } as const

export function Delivery({ delivery }: { readonly delivery: DeliveryWire }) {
  const { search, go } = usePlace()
  const { id, index, request, attempts } = delivery
  const isOpen = search.delivery === id
  const isCaptured = use(CapturedContext)
  const result = isCaptured ? capturedResult : deliveryResult(delivery)
  const latest = attempts.at(-1)
  const took = latest?.timings?.totalMs
  const toggle = (): void =>
    go(
      { delivery: isOpen ? undefined : id, pane: undefined },
      { replace: search.delivery !== undefined },
    )
  return (
    <Disclosure
      className="delivery-line"
      isOpen={isOpen}
      toggle={toggle}
      summary={
        <>
          <span className="delivery-index">[{index}]</span>
          <span className="method">{request.method}</span>
          <span className="delivery-url" title={request.url}>
            {request.url}
          </span>
          <span className="delivery-result">
            → <StatusText status={result} />
            {took !== undefined && <span className="faint"> · {duration(took)}</span>}
            {latest && latest.number > 1 && (
              <span className="faint"> · {count(latest.number)} attempts</span>
            )}
            {signs[result.tone] !== '' && (
              <span className="delivery-sign" data-tone={result.tone} aria-hidden="true">
                {signs[result.tone]}
              </span>
            )}
          </span>
        </>
      }
    >
      {() => (
        <Suspense fallback={<Skeleton lines={4} />}>
          <DeliveryPanes key={id} delivery={delivery} />
        </Suspense>
      )}
    </Disclosure>
  )
}
