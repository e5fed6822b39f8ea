/** Values that the store's tests share: an event, a run, a send, an attempt, each with what differs. */
import { systemClock, IdSource } from '../../src/clock.ts'
import type { Clock } from '../../src/clock.ts'
import { FIRST_ACCOUNT } from '../../src/model/account.ts'
import type { Token } from '../../src/model/account.ts'
import type { Attempt, NewDelivery, Send, Settlement } from '../../src/model/delivery.ts'
import type { NewEvent, RawRequest } from '../../src/model/event.ts'
import type { RunOutcome } from '../../src/model/run.ts'
import type { Definition } from '../../src/model/workflow.ts'
import type { FinishedRun } from '../../src/store/store.ts'

export const ORIGIN = 'https://dest.example:443'

/** A clock that stands still until it is told to move. */
export class HeldClock implements Clock {
  at = 1_800_000_000_000
  nowMs = () => this.at
  monotonicMs = () => systemClock.monotonicMs()
  randomBytes = (length: number) => systemClock.randomBytes(length)
  random = () => systemClock.random()
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const ids = new IdSource(systemClock)

export const definition = (over: Partial<Definition> = {}): Definition => ({
  name: 'orders',
  steps: [{ type: 'code', name: 'nodejs', code: 'return 1' }],
  settings: {
    timeoutMs: 30_000,
    memoryMb: 128,
    rate: { perSecond: 1_000, burst: 5_000 },
    deliverOnError: true,
    resendInterrupted: true,
    retry: null,
    signing: null,
    response: 'default',
    isolation: 'warm',
    triggerAuth: null,
  },
  packages: null,
  ...over,
})

export const token = (over: Partial<Token> = {}): Token => ({
  id: 'tok_1',
  accountId: FIRST_ACCOUNT,
  name: 'ci',
  scopes: ['read', 'write'],
  last4: 'abcd',
  createdAt: 5,
  lastUsedAt: null,
  expiresAt: 99,
  ...over,
})

export const request = (over: Partial<RawRequest> = {}): RawRequest => ({
  method: 'POST',
  scheme: 'http',
  host: 'localhost:8700',
  uri: '/t/key/orders?x=1',
  path: '/orders',
  httpVersion: '1.1',
  clientIp: '203.0.113.9',
  headers: [
    ['Host', 'localhost:8700'],
    ['Content-Type', 'application/json'],
  ],
  body: bytes('{"hello":"world"}'),
  ...over,
})

export const event = (over: Partial<NewEvent> = {}): NewEvent => ({
  accountId: FIRST_ACCOUNT,
  id: ids.next('evt'),
  workflowId: 'wf_a',
  version: 1,
  receivedAt: 1_800_000_000_000,
  request: request(),
  error: null,
  replayOf: null,
  test: false,
  steps: null,
  leased: true,
  idempotency: null,
  ...over,
})

export const outcome = (over: Partial<RunOutcome> = {}): RunOutcome => ({
  status: 'succeeded',
  startedAt: 1_800_000_000_001,
  durationMs: 1.5,
  message: null,
  steps: [
    {
      name: 'nodejs',
      type: 'code',
      status: 'succeeded',
      durationMs: 1.25,
      logs: [{ at: 0.5, level: 'log', text: 'hi' }],
      exports: { $return_value: 1 },
      diff: [{ op: 'add', path: '/test', value: 1 }],
      error: null,
      skipped: [],
    },
  ],
  ...over,
})

export const run = (of: NewEvent, over: Partial<FinishedRun> = {}): FinishedRun => ({
  accountId: of.accountId,
  eventId: of.id,
  workflowId: of.workflowId,
  version: of.version,
  resendInterrupted: true,
  hops: 0,
  outcome: outcome(),
  ...over,
})

export const send = (over: Partial<Send> = {}): Send => ({
  step: 0,
  stepName: 'nodejs',
  index: 0,
  method: 'POST',
  url: 'https://dest.example/hook',
  headers: [['content-type', 'application/json']],
  body: bytes('{"a":1}'),
  timeoutMs: 15_000,
  retry: null,
  followRedirects: 0,
  signed: false,
  ...over,
})

export const delivery = (
  over: Partial<NewDelivery> = {},
  sendOver: Partial<Send> = {},
): NewDelivery => ({ send: send(sendOver), sealed: null, origin: ORIGIN, leased: true, ...over })

export const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  startedAt: 1_800_000_000_002,
  outcome: 'delivered',
  code: null,
  remoteAddress: '203.0.113.7:443',
  timings: { queuedMs: 1, dnsMs: 2, connectMs: 3, tlsMs: 4, firstByteMs: 5.5, totalMs: 6 },
  request: {
    method: 'POST',
    url: 'https://dest.example/hook',
    headers: [['content-type', 'application/json']],
  },
  response: {
    status: 200,
    headers: [['content-type', 'text/plain']],
    body: bytes('ok'),
    size: 2,
    sha256: 'ab',
    truncated: false,
  },
  error: null,
  ...over,
})

export const settlement = (of: NewEvent, over: Partial<Settlement> = {}): Settlement => ({
  accountId: of.accountId,
  eventId: of.id,
  step: 0,
  index: 0,
  attempt: attempt(),
  status: 'delivered',
  code: null,
  dueAt: null,
  ...over,
})
