/** The API's shapes of events, their runs and deliveries, and what the live streams say; see wire.ts. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { HeaderPair as HeaderPairWire } from '../model/event.ts'
import { Count, Instant, Milliseconds, list, nullable, page, strict, texts } from './wire.ts'

/** JSON Schema 2020-12 writes tuples otherwise than TypeBox does; a pair of texts needs neither way. */
const HeaderPair = Type.Unsafe<HeaderPairWire>({
  type: 'array',
  items: { type: 'string' },
  minItems: 2,
  maxItems: 2,
})
const Headers = list(HeaderPair)
const Encoding = Type.Enum(['utf8', 'base64'])

export const EventView = Type.Object(
  {
    method: Type.String(),
    url: Type.String(),
    path: Type.String(),
    query: Type.Record(Type.String(), Type.Union([Type.String(), list(Type.String())])),
    headers: texts,
    body: Type.Unknown(),
    inferred_body_type: Type.Enum(['JSON', 'FORM', 'MULTIPART_FORM', 'TEXT', 'BINARY', 'EMPTY']),
    client_ip: Type.String(),
    proto: Type.Object(
      {
        headers: Headers,
        body_b64: Type.String(),
        method: Type.String(),
        scheme: Type.String(),
        http_version: Type.String(),
        client_ip: Type.String(),
        uri: Type.String(),
      },
      strict,
    ),
  },
  { ...strict, title: 'EventView', description: '$event, as user code sees it' },
)

export const RunStatus = Type.Enum(
  ['queued', 'running', 'succeeded', 'ended', 'failed', 'timed_out'],
  { title: 'RunStatus' },
)
export const DeliveryStatus = Type.Enum(
  ['pending', 'sending', 'delivered', 'failed', 'blocked', 'canceled', 'held'],
  { title: 'DeliveryStatus' },
)
export const FailureCode = Type.Enum(
  [
    'dns',
    'connect_refused',
    'connect_timeout',
    'tls',
    'reset',
    'timeout',
    'blocked',
    'redirect',
    'http_status',
    'too_large_headers',
    'protocol',
  ],
  { title: 'FailureCode' },
)

const Dest = Type.Object({ delivered: Count, total: Count }, { ...strict, title: 'Dest' })
const EventError = Type.Object(
  { code: Type.String(), message: Type.String() },
  { ...strict, title: 'EventError', description: 'Why an event that is listed got no run' },
)

export const EventRow = Type.Object(
  {
    id: Type.String(),
    receivedAt: Instant,
    method: Type.String(),
    path: Type.String(),
    status: nullable(RunStatus),
    version: Type.Integer(),
    durationMs: nullable(Milliseconds),
    message: nullable(Type.String()),
    dest: Dest,
    failed: Type.Integer({
      minimum: 0,
      description: 'Deliveries that ended without being delivered',
    }),
    replayOf: nullable(Type.String()),
    error: nullable(EventError),
  },
  { ...strict, title: 'EventRow' },
)
export type EventRowWire = Static<typeof EventRow>

export const EventList = page(EventRow)
export type EventListWire = Static<typeof EventList>

const LogEntry = Type.Object(
  {
    at: Type.Number({ description: 'Milliseconds since the run began' }),
    level: Type.Enum(['log', 'info', 'warn', 'error', 'debug']),
    text: Type.String(),
  },
  { ...strict, title: 'LogEntry' },
)

const PatchOperation = Type.Union(
  [
    Type.Object(
      { op: Type.Enum(['add', 'replace']), path: Type.String(), value: Type.Unknown() },
      strict,
    ),
    Type.Object({ op: Type.Literal('remove'), path: Type.String() }, strict),
  ],
  { title: 'PatchOperation', description: 'RFC 6902' },
)

const position = nullable(Type.Integer({ minimum: 1 }))

const StepRun = Type.Object(
  {
    name: Type.String(),
    type: Type.Enum(['code', 'webhook', 'note']),
    status: Type.Enum(['succeeded', 'failed', 'ended', 'timed_out', 'skipped', 'not_run']),
    durationMs: Milliseconds,
    logs: list(LogEntry),
    exports: Type.Record(Type.String(), Type.Unknown()),
    diff: list(PatchOperation),
    error: nullable(
      Type.Object(
        {
          name: Type.String(),
          message: Type.String(),
          stack: Type.String(),
          line: position,
          column: position,
        },
        strict,
      ),
    ),
    skipped: list(Type.Object({ index: Count, reason: Type.String() }, strict)),
  },
  { ...strict, title: 'StepRun' },
)

const Run = Type.Object(
  {
    id: Type.String(),
    version: Type.Integer(),
    status: RunStatus,
    durationMs: nullable(Milliseconds),
    message: nullable(Type.String()),
    steps: list(StepRun),
    late: list(Type.Object({ step: Type.String(), ...LogEntry.properties }, strict)),
  },
  { ...strict, title: 'Run', description: 'Without steps while it is queued or running' },
)

/* Deliveries */

const requestHead = { method: Type.String(), url: Type.String(), headers: Headers }

const DeliveryRequest = Type.Object(
  {
    ...requestHead,
    body: nullable(Type.String()),
    bodyEncoding: Encoding,
    size: Count,
  },
  { ...strict, title: 'DeliveryRequest', description: 'Secrets masked' },
)

const DeliveryResponse = Type.Object(
  {
    status: Type.Integer(),
    headers: Headers,
    body: Type.String(),
    bodyEncoding: Encoding,
    size: Count,
    sha256: Type.String(),
    truncated: Type.Boolean(),
    redacted: Type.Optional(
      Type.Enum(['masked', 'unpacked', 'withheld'], {
        description:
          'What was done to the body for the secrets in it; size and sha256 are of what was received',
      }),
    ),
  },
  { ...strict, title: 'DeliveryResponse' },
)

const phase = nullable(Milliseconds)

export const Attempt = Type.Object(
  {
    number: Type.Integer({ minimum: 1 }),
    startedAt: Instant,
    outcome: Type.Enum(['delivered', 'failed', 'blocked', 'interrupted']),
    code: nullable(FailureCode),
    remoteAddress: nullable(Type.String()),
    timings: nullable(
      Type.Object(
        {
          queuedMs: Milliseconds,
          dnsMs: phase,
          connectMs: phase,
          tlsMs: phase,
          firstByteMs: phase,
          totalMs: Milliseconds,
        },
        strict,
      ),
    ),
    request: nullable(Type.Object(requestHead, { ...strict, description: 'As sent' })),
    response: nullable(DeliveryResponse),
    error: nullable(
      Type.Object({ message: Type.String(), detail: nullable(Type.String()) }, strict),
    ),
  },
  { ...strict, title: 'Attempt' },
)
export type AttemptWire = Static<typeof Attempt>

export const Delivery = Type.Object(
  {
    id: Type.String(),
    step: Type.String(),
    index: Count,
    status: DeliveryStatus,
    code: nullable(FailureCode),
    dueAt: nullable(
      Type.String({
        format: 'date-time',
        description: 'When its next attempt is due, if it waits',
      }),
    ),
    request: DeliveryRequest,
    abridged: Type.Optional(
      Type.Literal(true, {
        description:
          'Of its attempts only the latest is here, without headers and bodies, since those of the event are more than one answer carries: GET /deliveries/{id} has them',
      }),
    ),
    attempts: list(Attempt),
  },
  { ...strict, title: 'Delivery' },
)
export type DeliveryWire = Static<typeof Delivery>

export const EventDetail = Type.Object(
  {
    id: Type.String(),
    workflowId: Type.String(),
    receivedAt: Instant,
    replayOf: nullable(Type.String()),
    error: nullable(EventError),
    event: EventView,
    run: nullable(Run),
    dest: Dest,
    deliveries: list(Delivery),
  },
  { ...strict, title: 'EventDetail' },
)
export type EventDetailWire = Static<typeof EventDetail>

export const DeliveryState = Type.Object({ id: Type.String(), status: DeliveryStatus }, strict)

export type LiveData = {
  readonly eventId: string
  readonly deliveryId?: string
  /** In the stream of all workflows. */
  readonly workflowId?: string
}
