/**
 * The deliveries of a step, one line each, in the order of the calls. Many of them get a scroll area of
 * their own, in which only what is seen is drawn, so a step that sends a thousand keeps its neighbours near.
 */
import { lazy, Suspense, useState } from 'react'
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'
import { deliveryStatus } from '../model/status-words.ts'
import { count, plural } from '../model/quantity.ts'
import { Segments } from '../parts/segments.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { Delivery } from './delivery.tsx'

type Props = { readonly deliveries: readonly DeliveryWire[]; readonly name: string }

const MANY = 50

/** Most steps send a few, so what measures many is loaded with the first that does not. */
const ManyDeliveries = lazy(async () => ({
  default: (await import('./many-deliveries.tsx')).ManyDeliveries,
}))

export function DeliveryList({ deliveries, name }: Props) {
  const [shown, setShown] = useState<'all' | 'failed'>('all')
  const label = `Deliveries of ${name}`
  if (deliveries.length <= MANY) {
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
        <ManyDeliveries deliveries={shown === 'all' ? deliveries : failed} label={label} />
      </Suspense>
    </div>
  )
}
