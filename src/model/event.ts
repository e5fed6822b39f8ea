/**
 * An event: one accepted request, immutable. Its raw bytes are stored once; `$event` is derived from
 * them (model/derive-event.ts) wherever it is needed.
 */
import type { Step } from './workflow.ts'

export type HeaderPair = readonly [name: string, value: string]

/** A request as it came over the wire. `headers` keep their original case, order and repeats. */
export type RawRequest = {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** The Host header, as sent. */
  readonly host: string
  /** The request target as sent, query included. */
  readonly uri: string
  /** What follows the key, percent-encoding kept; `/` if nothing. */
  readonly path: string
  readonly httpVersion: string
  readonly clientIp: string
  readonly headers: readonly HeaderPair[]
  readonly body: Uint8Array
}

export type InferredBodyType = 'JSON' | 'FORM' | 'MULTIPART_FORM' | 'TEXT' | 'BINARY' | 'EMPTY'

/** `$event` (SPEC section 2): snake_case for the original's sake. */
export type EventView = {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly query: Readonly<Record<string, string | readonly string[]>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly inferred_body_type: InferredBodyType
  readonly client_ip: string
  readonly proto: {
    readonly headers: readonly HeaderPair[]
    readonly body_b64: string
    readonly method: string
    readonly scheme: string
    readonly http_version: string
    readonly client_ip: string
    readonly uri: string
  }
}

/** Why an event that was listed got no run, e.g. a body over the limit. */
export type EventError = { readonly code: string; readonly message: string }

export type NewEvent = {
  readonly accountId: number
  readonly id: string
  readonly workflowId: string
  readonly version: number
  readonly receivedAt: number
  readonly request: RawRequest
  readonly error: EventError | null
  readonly replayOf: string | null
  /** Sent by hand from the editor; `steps` are then the unsaved steps it runs, if they differ. */
  readonly test: boolean
  readonly steps: readonly Step[] | null
  /** Born leased: this node has room to run it at once. Otherwise it waits in the store. */
  readonly leased: boolean
  readonly idempotency: { readonly key: string; readonly bodyHash: string } | null
}

/** An event on its way to a run. `starts` counts executions begun before this one that did not finish. */
export type QueuedEvent = Omit<NewEvent, 'idempotency' | 'leased' | 'error'> & {
  readonly starts: number
}
