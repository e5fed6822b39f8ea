/**
 * What travels between a client of the store and the writer thread. A row is the tuple that its insert
 * binds, made where the data is, so the writer only binds. Bytes do not travel inside rows: a row
 * carries their lengths as its last members, and all bytes of a message share one transferred buffer.
 *
 * Invariant: `attachBytes` visits rows in the order in which they were encoded; the bytes depend on it.
 */
import type { ErrorCode } from '../../errors.ts'
import type { DeliveryTask, NewDelivery, Settlement } from '../../model/delivery.ts'
import type { NewEvent } from '../../model/event.ts'
import type { LogEntry } from '../../model/run.ts'
import type { AdoptEventLimits, AdoptLimits, FinishedRun } from '../store.ts'

/** What a statement binds. */
export type Column = string | number | null | Uint8Array

type Columns = Column[]

export type EventRow = {
  readonly columns: Columns
  readonly leased: boolean
  /** Key and body's hash. */
  readonly idempotency: readonly [string, string] | null
}

export type DeliveryRow = {
  readonly step: number
  readonly index: number
  readonly origin: string
  readonly leased: boolean
  readonly request: Columns
}

export type SettlementRow = { readonly attempt: Columns; readonly delivery: Columns }

/** A call of a client, answered by its id. `at` is the caller's clock: the writer has none. */
export type Job =
  | readonly ['admit', id: number, at: number, rows: readonly EventRow[]]
  | readonly ['finish', id: number, at: number, run: Columns, sends: readonly DeliveryRow[]]
  | readonly ['settle', id: number, rows: readonly SettlementRow[]]
  | readonly ['adoptEvents', id: number, limits: AdoptEventLimits]
  | readonly ['adoptDeliveries', id: number, at: number, limits: AdoptLimits]
  | readonly ['giveBack', id: number, rows: readonly Columns[]]
  | readonly ['syncDestinations', id: number]
  | readonly ['appendLate', id: number, columns: Columns]
  | readonly ['check', id: number, at: number]
  | DefineJob

/** `args` is JSON. */
export type DefineJob = readonly ['define', id: number, verb: string, args: string]

export type JobMessage = { readonly jobs: readonly Job[]; readonly bytes: Uint8Array }

/** How an error crosses threads: an `AppError` by its parts, anything else by its text. */
export type WireError =
  | {
      readonly kind: 'app'
      readonly code: ErrorCode
      readonly values: Record<string, string | number>
    }
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string }

export type Answer = readonly [id: number, error: WireError | null, value: unknown]

/** Collects the bytes of one message. */
export class ByteWriter {
  #parts: Uint8Array[] = []
  #length = 0

  put(bytes: Uint8Array | null): number | null {
    if (bytes === null) return null
    this.#parts.push(bytes)
    this.#length += bytes.byteLength
    return bytes.byteLength
  }

  /** Runs `encode`; if it throws, nothing it put stays behind to shift the bytes of its neighbours. */
  together<Result>(encode: () => Result): Result {
    const parts = this.#parts.length
    const length = this.#length
    try {
      return encode()
    } catch (error) {
      this.#parts.length = parts
      this.#length = length
      throw error
    }
  }

  /** What was put since the last call, copied to memory that can be transferred. */
  take(): Uint8Array {
    const all = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.byteLength
    }
    this.#parts = []
    this.#length = 0
    return all
  }
}

/** Puts the bytes of a received message where their lengths stand. */
export function attachBytes({ jobs, bytes }: JobMessage): readonly Job[] {
  let at = 0
  const attach = (columns: Columns, count = 1): void => {
    for (let i = columns.length - count; i < columns.length; i++) {
      const length = columns[i]
      if (typeof length === 'number') columns[i] = bytes.subarray(at, (at += length))
    }
  }
  for (const job of jobs) {
    if (job[0] === 'admit') for (const row of job[3]) attach(row.columns)
    if (job[0] === 'finish') for (const row of job[4]) attach(row.request, 2)
    if (job[0] === 'settle') for (const row of job[2]) attach(row.attempt)
  }
  return jobs
}

/** Binds `insert into event`, body last. */
export function eventRow(event: NewEvent, bytes: ByteWriter): EventRow {
  const { request } = event
  return {
    columns: [
      event.accountId,
      event.id,
      event.workflowId,
      event.version,
      event.receivedAt,
      event.replayOf,
      event.test ? 1 : 0,
      json(event.error),
      request.method,
      request.scheme,
      request.host,
      request.uri,
      request.path,
      request.httpVersion,
      request.clientIp,
      json(event.steps),
      JSON.stringify(request.headers),
      bytes.put(request.body),
    ],
    leased: event.leased,
    idempotency: event.idempotency && [event.idempotency.key, event.idempotency.bodyHash],
  }
}

/** Binds `insert into run`. */
export function runRow(run: FinishedRun): Columns {
  const { outcome } = run
  return [
    run.accountId,
    run.eventId,
    run.workflowId,
    run.version,
    outcome.status,
    outcome.startedAt,
    outcome.durationMs,
    outcome.message,
    run.resendInterrupted ? 1 : 0,
    run.hops,
    JSON.stringify(outcome.steps),
  ]
}

/** `request` binds `insert into delivery_request`, after account and event. */
export function deliveryRow(
  { send, sealed, origin, leased }: NewDelivery,
  bytes: ByteWriter,
): DeliveryRow {
  return {
    step: send.step,
    index: send.index,
    origin,
    leased,
    request: [
      send.step,
      send.index,
      send.stepName,
      send.method,
      send.url,
      send.timeoutMs,
      json(send.retry),
      send.followRedirects,
      send.signed ? 1 : 0,
      JSON.stringify(send.headers),
      sealed && sealed.bodySize,
      bytes.put(sealed && sealed.bytes),
      bytes.put(send.body),
    ],
  }
}

/** `attempt` binds `insert into attempt`, `delivery` the update of its delivery. */
export function settlementRow(settlement: Settlement, bytes: ByteWriter): SettlementRow {
  const { accountId, eventId, step, index, attempt } = settlement
  const { body, ...response } = attempt.response ?? { body: null }
  return {
    attempt: [
      accountId,
      eventId,
      step,
      index,
      attempt.number,
      attempt.startedAt,
      attempt.outcome,
      attempt.code,
      attempt.remoteAddress,
      json(attempt.timings),
      json(attempt.error),
      json(attempt.request),
      body && JSON.stringify(response),
      bytes.put(body),
    ],
    delivery: [
      settlement.status,
      settlement.code,
      settlement.dueAt,
      accountId,
      eventId,
      step,
      index,
      attempt.number,
    ],
  }
}

/** Names a delivery and the attempt it is leased for. */
export function leaseRow({ accountId, eventId, send, attempt }: DeliveryTask): Columns {
  return [accountId, eventId, send.step, send.index, attempt]
}

export function lateRow(
  accountId: number,
  eventId: string,
  step: string,
  entry: LogEntry,
): Columns {
  return [accountId, eventId, step, JSON.stringify(entry)]
}

function json(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}
