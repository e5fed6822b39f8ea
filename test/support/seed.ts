/** Rows for the API to show, written through the store's own verbs. */
import { originOf } from '../../src/model/delivery.ts'
import type { Attempt, DeliveryStatus, FailureCode, Send } from '../../src/model/delivery.ts'
import type { EventError, RawRequest } from '../../src/model/event.ts'
import type { RunOutcome, StepRecord } from '../../src/model/run.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import type { TestInspector } from './inspector.ts'

export const RECEIVED_AT = Date.parse('2026-11-23T08:00:00.000Z')

export const request: RawRequest = {
  method: 'POST',
  scheme: 'https',
  host: 'hooks.example',
  uri: '/t/key/orders?x=1',
  path: '/orders',
  httpVersion: '1.1',
  clientIp: '203.0.113.9',
  headers: [
    ['Host', 'hooks.example'],
    ['Content-Type', 'application/json'],
  ],
  body: Buffer.from('{"order":1}'),
}

export const send: Send = {
  step: 0,
  stepName: 'nodejs',
  index: 0,
  method: 'POST',
  url: 'https://a.example/in',
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from('{"a":1}'),
  timeoutMs: 15_000,
  retry: null,
  followRedirects: 0,
  signed: false,
}

export const step: StepRecord = {
  name: 'nodejs',
  type: 'code',
  status: 'succeeded',
  durationMs: 4,
  logs: [{ at: 1.2, level: 'log', text: 'hi' }],
  exports: { $return_value: 1 },
  diff: [{ op: 'add', path: '/test', value: 1 }],
  error: null,
  skipped: [{ index: 0, reason: 'payload is undefined' }],
}

export const outcome: RunOutcome = {
  status: 'succeeded',
  startedAt: RECEIVED_AT + 1,
  durationMs: 12,
  message: null,
  steps: [step],
}

export const attempt: Attempt = {
  number: 1,
  startedAt: RECEIVED_AT + 20,
  outcome: 'delivered',
  code: null,
  remoteAddress: '203.0.113.7:443',
  timings: { queuedMs: 1, dnsMs: 2.004999, connectMs: 8, tlsMs: 12, firstByteMs: 30, totalMs: 31 },
  request: {
    method: 'POST',
    url: 'https://a.example/in',
    headers: [
      ['content-type', 'application/json'],
      ['authorization', '••••cdef'],
    ],
  },
  response: {
    status: 200,
    headers: [['content-type', 'text/plain']],
    body: Buffer.from('fine'),
    size: 4,
    sha256: 'ab'.repeat(32),
    truncated: false,
  },
  error: null,
}

export type Seed = {
  readonly request?: Partial<RawRequest>
  readonly error?: EventError
  readonly receivedAt?: number
  /** Null leaves the event queued. */
  readonly outcome?: RunOutcome | null
  readonly sends?: readonly Partial<Send>[]
}

/** Admits an event and, unless told otherwise, finishes its run. Answers the event's id. */
export async function seedEvent(
  { store, ids }: TestInspector,
  { id: workflowId, version }: WorkflowWire,
  seed: Seed = {},
): Promise<string> {
  const eventId = ids.next('evt')
  await store.admit([
    {
      accountId: 1,
      id: eventId,
      workflowId,
      version,
      receivedAt: seed.receivedAt ?? RECEIVED_AT,
      request: { ...request, ...seed.request },
      error: seed.error ?? null,
      replayOf: null,
      test: false,
      steps: null,
      leased: seed.error === undefined,
      idempotency: null,
    },
  ])
  if (seed.error || seed.outcome === null) return eventId
  const run = { accountId: 1, eventId, workflowId, version, resendInterrupted: true, hops: 0 }
  const deliveries = (seed.sends ?? []).map((part, index) => {
    const whole = { ...send, index, ...part }
    return { send: whole, sealed: null, origin: originOf(whole.url), leased: true }
  })
  await store.finish({ ...run, outcome: seed.outcome ?? outcome }, deliveries)
  return eventId
}

/** Ends the first attempt of a delivery. */
export async function settle(
  { store }: TestInspector,
  eventId: string,
  index: number,
  status: DeliveryStatus,
  made: Partial<Attempt> = {},
): Promise<void> {
  const code: FailureCode | null = made.code ?? null
  const whole = { ...attempt, ...made }
  await store.settle([
    { accountId: 1, eventId, step: 0, index, attempt: whole, status, code, dueAt: null },
  ])
}
