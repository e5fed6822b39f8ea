/**
 * The deliveries of a step, one line each, in the order of the calls. Many of them get a scroll area of
 * their own, in which only what is seen is drawn, so a step that sends a thousand keeps its neighbours near.
 */
import { Suspense, useEffect, useState } from 'react'
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'
import { deliveryStatus } from '../model/status-words.ts'
import { count, plural } from '../model/quantity.ts'
import { lazyPart } from '../parts/lazy-part.tsx'
import { Segments } from '../parts/segments.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { Delivery } from './delivery.tsx'
import { usePlace } from './place.ts'
import { showDelivery } from './show-step.ts'

type Props = { readonly deliveries: readonly DeliveryWire[]; readonly name: string }

const MANY = 50

/** Most steps send a few, so what measures many is loaded with the first that does not. */
const ManyDeliveries = lazyPart(async () => (await import('./many-deliveries.tsx')).ManyDeliveries)

export function DeliveryList({ deliveries, name }: Props) {
  const [shown, setShown] = useState<'all' | 'failed'>('all')
  const label = `Deliveries of ${name}`
  const arrivedAt = useArrival(deliveries)
  const isMany = deliveries.length > MANY
  useEffect(() => {
    if (arrivedAt !== -1 && !isMany) showDelivery()
  }, [arrivedAt, isMany])
  if (!isMany) {
    return (
      <ol className="deliveries" aria-label={label}>
        {deliveries.map((delivery) => (
          <li key={delivery.id}>
            <Delivery delivery={delivery} />
          </li>
        ))}
      </ol>
    )
  }
  const failed = deliveries.filter(({ status }) => deliveryStatus(status).tone === 'failed')
  const texts = { all: `All ${count(deliveries.length)}`, failed: `Failed ${count(failed.length)}` }
  return (
    <div className="fold">
      <div className="fold-line">
        <span>{plural(deliveries.length, 'delivery', 'deliveries')}</span>
        <Segments
          label="Deliveries shown"
          options={['all', 'failed']}
          value={shown}
          choose={setShown}
          text={(option) => texts[option]}
        />
      </div>
      <Suspense fallback={<Skeleton lines={8} />}>
        <ManyDeliveries
          deliveries={shown === 'all' ? deliveries : failed}
          label={label}
          arrivedAt={arrivedAt}
        />
      </Suspense>
    </div>
  )
}

/** The place of the delivery that the address named when this came up, to be shown once; else -1. */
function useArrival(deliveries: readonly DeliveryWire[]): number {
  const { search } = usePlace()
  const [at] = useState(() => deliveries.findIndex(({ id }) => id === search.delivery))
  return at
}
