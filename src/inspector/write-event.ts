/**
 * An event as JSON, a delivery at a time. A run may send 16 MiB, and some more may have come back: made
 * into one text, that would hold up every other request, trigger included. So the pace is the reader's,
 * and what is in memory besides the rows is one delivery.
 */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Mask } from '../model/redact-values.ts'
import type { DeliveryDetail, EventDetail } from '../store/inspect.ts'
import { toWireDelivery } from './to-wire-delivery.ts'
import { toWireEvent } from './to-wire-event.ts'

const END = ']}'

type Answer = Pick<FastifyReply, 'code'>

/** Answers 200 with the JSON of `toWireEvent(detail, mask)`. Invariant: deliveries come last in it. */
export function sendEvent<Reply extends Answer>(
  reply: Reply,
  detail: EventDetail,
  mask: Mask,
): Reply {
  const { deliveries } = detail
  const head = JSON.stringify(toWireEvent({ ...detail, deliveries: [] }, mask)).slice(
    0,
    -END.length,
  )
  const text = Readable.from(parts(head, deliveries, mask), { objectMode: false })
  reply.code(200).header('content-type', 'application/json; charset=utf-8').send(text)
  return reply
}

function* parts(
  head: string,
  deliveries: readonly DeliveryDetail[],
  mask: Mask,
): Generator<string> {
  yield head
  for (const [i, delivery] of deliveries.entries()) {
    yield (i > 0 ? ',' : '') + JSON.stringify(toWireDelivery(delivery, mask))
  }
  yield END
}
