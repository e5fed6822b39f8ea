/** Deliveries to a receiver on loopback, and an egress guard that lets them through. */
import { systemClock } from '../../src/clock.ts'
import { createProtect } from '../../src/delivery/protect.ts'
import { createEgress } from '../../src/egress/connector.ts'
import type { Egress } from '../../src/egress/egress.ts'
import { originOf } from '../../src/model/delivery.ts'
import type { DeliveryTask, Send } from '../../src/model/delivery.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { NO_MASKS } from '../../src/model/redact-values.ts'

export const USER_AGENT = 'Sendoff/0 (+http://sendoff.test/abuse)'
/** All that an attempt needs but the guard. */
export const ATTEMPT_DEPS = {
  clock: systemClock,
  userAgent: () => USER_AGENT,
  signingKeys: () => Promise.reject(new Error('this test signs nothing')),
  /** Of an account without variables. */
  protect: createProtect({ of: () => NO_MASKS }),
  unseal: () => Promise.reject(new Error('this test seals nothing')),
}
const EVENT_ID = 'evt_01k9xk2m3n4p5q6r7s8t9vwxyz'

export const loopbackEgress = (): Egress =>
  createEgress({ clock: systemClock }, { allow: ['127.0.0.0/8', '::1/128'] })

/** A delivery that is due now; `send` and `task` replace what the defaults do not say well. */
export function taskTo(
  url: string,
  send: Partial<Send> = {},
  task: Partial<DeliveryTask> = {},
): DeliveryTask {
  const index = send.index ?? 0
  return {
    accountId: 1,
    id: deliveryId(EVENT_ID, 0, index),
    eventId: EVENT_ID,
    workflowId: 'wf_01k9xk2m3n4p5q6r7s8t9vwxyz',
    origin: originOf(url),
    attempt: 1,
    dueAt: Date.now(),
    hops: 0,
    sealed: null,
    ...task,
    send: {
      step: 0,
      stepName: 'code',
      index,
      method: 'POST',
      url,
      headers: [],
      body: null,
      timeoutMs: 2_000,
      retry: null,
      followRedirects: 0,
      signed: false,
      ...send,
    },
  }
}
