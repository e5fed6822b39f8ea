/**
 * The trigger over a real socket: listener and ingest as they are wired in the app, with a store in
 * memory whose commits a test can hold back or break, and a clock that stands still until told.
 */
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { IdSource, systemClock } from '../../src/clock.ts'
import { Answers } from '../../src/execution/answers.ts'
import type { EventHandOver } from '../../src/hand-over.ts'
import { createHttpListener } from '../../src/http-listener.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { Ingest, IngestOptions } from '../../src/ingest/ingest.ts'
import type { NewEvent, QueuedEvent } from '../../src/model/event.ts'
import type { Endpoint, WorkflowSettings } from '../../src/model/workflow.ts'
import { LocalNotifier } from '../../src/notifier/local.ts'
import type { Admitted } from '../../src/store/store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import type { Metrics } from '../../src/telemetry/metrics.ts'

export const KEY = '0123456789abcdefghjkmnpqrs'

export const settings: WorkflowSettings = {
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
}

export const endpoint: Endpoint = {
  accountId: 1,
  workflowId: 'wf_0000000000000000000000000a',
  version: 3,
  active: true,
  suspended: false,
  settings,
}

/** Keeps admitted events in `events`. Set `commit` to hold a commit back, or to make it fail. */
export class MemoryStore {
  readonly endpoints = new Map<string, Endpoint>([[KEY, endpoint]])
  readonly events: NewEvent[] = []
  readonly batches: number[] = []
  commit: () => Promise<void> = async () => {}
  lookups = 0

  async findEndpoint(key: string): Promise<Endpoint | undefined> {
    this.lookups++
    return this.endpoints.get(key)
  }

  async admit(events: readonly NewEvent[]): Promise<readonly Admitted[]> {
    this.batches.push(events.length)
    await this.commit()
    return events.map((event) => this.#admitOne(event))
  }

  #admitOne(event: NewEvent): Admitted {
    const { idempotency } = event
    const known = this.events.find((stored) => stored.idempotency?.key === idempotency?.key)
    if (idempotency === null || known === undefined) {
      this.events.push(event)
      return { kind: 'created', id: event.id }
    }
    return known.idempotency!.bodyHash === idempotency.bodyHash
      ? { kind: 'repeated', id: known.id }
      : { kind: 'mismatch', key: idempotency.key }
  }
}

/** Execution's side, with room for `places` events. */
export class Places implements EventHandOver {
  readonly offered: QueuedEvent[] = []
  places = 1_000_000
  held = 0

  reserve(_accountId: number, _workflowId: string, _bytes: number): boolean {
    if (this.held >= this.places) return false
    this.held++
    return true
  }

  offer(events: readonly QueuedEvent[]): void {
    this.offered.push(...events)
  }

  release(): void {
    this.held--
  }
}

const NO_BACKLOG = { queuedEvents: 0, pendingDeliveries: 0, oldestQueuedAt: null }

export type Trigger = {
  readonly store: MemoryStore
  /** The account's variables. */
  readonly values: Record<string, string>
  readonly handOver: Places
  readonly notifier: LocalNotifier
  readonly ingest: Ingest
  readonly metrics: Metrics
  readonly logLines: readonly string[]
  readonly port: number
  /** Address of the endpoint, without a slash at the end. */
  readonly url: string
  /** Moves the clock. */
  advance(ms: number): void
  /** Writes bytes to a new connection and resolves to all that came back until it was closed. */
  raw(...parts: readonly (string | Uint8Array)[]): Promise<string>
}

export async function startTrigger(
  t: TestContext,
  options: Partial<IngestOptions> & { headersTimeoutMs?: number } = {},
): Promise<Trigger> {
  let skippedMs = 0
  const startedMs = systemClock.monotonicMs()
  const clock = { ...systemClock, monotonicMs: () => startedMs + skippedMs }
  const values: Record<string, string> = {}
  const store = new MemoryStore()
  const handOver = new Places()
  const notifier = new LocalNotifier({
    report: (error) => {
      throw error
    },
  })
  const logLines: string[] = []
  const log = createLog({ write: (line) => logLines.push(line), clock })
  const metrics = createMetrics({ backlog: async () => NO_BACKLOG, clock })
  const ingest = createIngest(
    {
      store,
      notifier,
      clock,
      ids: new IdSource(clock),
      handOver,
      answers: new Answers(),
      variables: { of: async () => ({ values }) },
      metrics,
      log,
    },
    { bodyLimitBytes: 1_048_576, trustedProxies: [], publicUrl: null, ...options },
  )
  const listener = createHttpListener(
    {
      trigger: (request, response) => ingest.handle(request, response),
      rest: (_request, response) => response.end('rest'),
      clock,
    },
    { host: '127.0.0.1', port: 0, headersTimeoutMs: options.headersTimeoutMs ?? 10_000 },
  )
  await listener.start()
  const { port } = listener.address()
  t.after(async () => {
    await listener.stop()
    await ingest.stop()
  })
  return {
    store,
    values,
    handOver,
    notifier,
    ingest,
    metrics,
    logLines,
    port,
    url: `http://127.0.0.1:${port}/t/${KEY}`,
    advance: (ms) => (skippedMs += ms),
    raw: (...parts) => sendRaw(port, parts),
  }
}

/** Sends parts one after the other; resolves when the server has closed the connection. */
export function sendRaw(port: number, parts: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (received += text))
    socket.on('error', () => socket.destroy()) // a reset ends it as well as a close does
    socket.on('close', () => resolve(received))
    for (const part of parts) {
      socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    }
  })
}

/** A request text: the lines, joined as HTTP wants it, and an empty one. */
export const http = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** The status codes of the responses in a text. */
export const statuses = (text: string): readonly number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

/** Polls until something holds; fails after 30 s. */
export async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !holds();) {
    if (Date.now() > deadline) throw new Error(`Still not so after 30 s: ${holds.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
