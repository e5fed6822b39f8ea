/** Hundreds of deliveries of a step, in a scroll area in which only what is seen is drawn. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'
import { Delivery } from './delivery.tsx'
import { showDelivery } from './show-step.ts'

const LINE_PX = 28

export function ManyDeliveries({
  deliveries,
  label,
  arrivedAt,
}: {
  deliveries: readonly DeliveryWire[]
  label: string
  /** Which one is shown first; -1 where it is none in particular. */
  arrivedAt: number
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: deliveries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    getItemKey: (index) => deliveries[index]!.id,
    overscan: 10,
  })
  useEffect(() => {
    if (arrivedAt === -1) return
    virtualizer.scrollToIndex(arrivedAt, { align: 'start' })
    requestAnimationFrame(showDelivery)
  }, [virtualizer, arrivedAt])
  return (
    <div
      ref={scroller}
      className="deliveries-scroller"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <ol className="deliveries" aria-label={label} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            style={{ transform: `translateY(${start}px)` }}
          >
            <Delivery delivery={deliveries[index]!} />
          </li>
        ))}
      </ol>
    </div>
  )
}
