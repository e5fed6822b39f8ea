/**
 * The API's shapes, as SPEC section 8 gives them: one TypeBox schema and one static type per noun. The
 * OpenAPI document is made from these, requests are checked by them, and the UI and the command line
 * import nothing else of the server.
 *
 * A schema with a `title` becomes a named component of the document. Instants are ISO 8601 with
 * milliseconds, durations integers or fractions in `...Ms`, absent values `null`, never missing.
 */
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import type { HeaderPair as HeaderPairWire } from '../model/event.ts'
import { limits } from '../model/limits.ts'

export const strict = { additionalProperties: false } as const
const list = <Item extends TSchema>(item: Item) => Type.Immutable(Type.Array(item))
export const nullable = <Inner extends TSchema>(inner: Inner) => Type.Union([inner, Type.Null()])
export const texts = Type.Record(Type.String(), Type.String())
export const Instant = Type.String({ format: 'date-time' })
const Milliseconds = Type.Number({ minimum: 0 })
const Count = Type.Integer({ minimum: 0 })

export const page = <Row extends TSchema>(row: Row) =>
  Type.Object({ data: list(row), nextCursor: nullable(Type.String()) }, strict)

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:sendoff:error:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    step: Type.Optional(Type.String({ description: 'The step that is not in order' })),
    line: Type.Optional(Type.Integer({ minimum: 1, description: 'In the text of that step' })),
    column: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { ...strict, title: 'Problem' },
)
export type ProblemWire = Static<typeof Problem>

export const Created = Type.Object({ id: Type.String() }, strict)

/* Definitions */

export const RetryPolicy = Type.Union(
  [
    Type.Boolean(),
    Type.Object(
      {
        attempts: Type.Optional(Type.Integer({ minimum: 1 })),
        schedule: Type.Optional(list(Type.Number({ minimum: 0 }))),
      },
      strict,
    ),
  ],
  { title: 'RetryPolicy' },
)

export const Auth = Type.Object({ username: Type.String(), password: Type.String() }, strict)

export const codeFields = { type: Type.Literal('code'), code: Type.String() }
const webhookFields = {
  type: Type.Literal('webhook'),
  url: Type.String(),
  payload: Type.Optional(Type.String({ description: 'A JavaScript expression' })),
  method: Type.Optional(Type.String()),
  headers: Type.Optional(texts),
  params: Type.Optional(texts),
  auth: Type.Optional(Auth),
  retry: Type.Optional(RetryPolicy),
}
export const noteFields = { type: Type.Literal('note'), text: Type.String() }
export const stepName = Type.String({ minLength: 1, maxLength: limits.stepNameLength })

export const Step = Type.Union(
  [
    Type.Object({ name: stepName, ...codeFields }, strict),
    Type.Object({ name: stepName, ...webhookFields }, strict),
    Type.Object({ name: stepName, ...noteFields }, strict),
  ],
  { title: 'Step' },
)

const TriggerAuth = Type.Object(
  {
    type: Type.Enum(['bearer', 'signature']),
    variable: Type.String({
      description: 'The variable that holds the token, or the whsec_ secret of Standard Webhooks',
    }),
  },
  { ...strict, title: 'TriggerAuth' },
)

export const Settings = Type.Object(
  {
    timeoutMs: Type.Integer({ minimum: limits.runTimeoutMsMin, maximum: limits.runTimeoutMsMax }),
    memoryMb: Type.Integer({ minimum: limits.runMemoryMbMin, maximum: limits.runMemoryMbMax }),
    rate: Type.Object({ perSecond: Type.Number(), burst: Type.Number() }, strict),
    deliverOnError: Type.Boolean(),
    resendInterrupted: Type.Boolean(),
    retry: nullable(RetryPolicy),
    signing: nullable(Type.Object({ version: Type.Literal('v1') }, strict)),
    response: Type.Enum(['default', 'custom']),
    isolation: Type.Enum(['warm', 'run']),
    triggerAuth: nullable(TriggerAuth),
  },
  { ...strict, title: 'Settings' },
)

const packages = Type.Optional(
  Type.Record(Type.String(), Type.String(), {
    description:
      'What the steps import from npm, by name, with the exact version; absent if nothing',
  }),
)

export const workflowName = Type.String({ minLength: 1, maxLength: limits.workflowNameLength })
export const Workflow = Type.Object(
  {
    id: Type.String(),
    name: workflowName,
    version: Type.Integer({ minimum: 1 }),
    active: Type.Boolean(),
    endpoint: Type.String({ format: 'uri', description: 'Where its events enter' }),
    steps: list(Step),
    settings: Settings,
    packages,
  },
  { ...strict, title: 'Workflow' },
)
export type WorkflowWire = Static<typeof Workflow>

/**
 * A line of the answer to a save that asked for `Accept: application/x-ndjson`. Any number of the first
 * kind come, then one of the others, which is the last.
 */
export type SaveLine =
  | { readonly progress: string }
  | { readonly result: WorkflowWire }
  | { readonly problem: ProblemWire }

export const WorkflowVersion = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    createdAt: Instant,
    name: workflowName,
    steps: list(Step),
    settings: Settings,
    packages,
  },
  { ...strict, title: 'WorkflowVersion' },
)
export type VersionWire = Static<typeof WorkflowVersion>

export const StepProblem = Type.Object(
  {
    step: Type.Integer({ minimum: 0, description: 'Its place in the list, from 0' }),
    field: nullable(Type.String({ description: 'Of a webhook: url, payload, headers, ...' })),
    message: Type.String(),
    line: nullable(
      Type.Integer({ minimum: 1, description: 'In the text of the field or the code' }),
    ),
    column: nullable(Type.Integer({ minimum: 1 })),
  },
  { ...strict, title: 'StepProblem' },
)
export type StepProblemWire = Static<typeof StepProblem>

export const StepProblems = Type.Object({ problems: list(StepProblem) }, strict)

/* Events */

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

/* Destinations */

export const Destination = Type.Object(
  {
    id: Type.String(),
    origin: Type.String({ description: 'Scheme, host and port, as in https://a.example:443' }),
    state: Type.Enum(['ok', 'throttled', 'open', 'paused'], {
      description:
        'What holds it up most: paused by a person; open: retries wait, since attempts fail; throttled: fewer at once, or none for now, since it is overloaded or asked to wait',
    }),
    paused: Type.Boolean(),
    concurrency: nullable(Type.Integer({ description: 'As set; null is the default' })),
    concurrencyCap: Type.Integer({ description: 'Attempts in flight at most' }),
    concurrencyNow: Count,
    ratePerSecond: nullable(Type.Number({ description: 'As set; null is no limit' })),
    inFlight: Count,
    waiting: Type.Integer({ minimum: 0, description: 'Not begun yet; counted up to 10,000' }),
    held: Type.Integer({ minimum: 0, description: 'For a person to decide; up to 10,000' }),
    retryAfter: nullable(Instant),
    breaker: Type.Object(
      { state: Type.Enum(['closed', 'open', 'half_open']), until: nullable(Instant) },
      { ...strict, description: 'While it is open, retries wait; first attempts go on' },
    ),
    recent: Type.Object(
      {
        windowMs: Milliseconds,
        delivered: Count,
        failed: Count,
        p50Ms: nullable(Milliseconds),
        p95Ms: nullable(Milliseconds),
      },
      { ...strict, description: 'Attempts within the window, since the server started' },
    ),
    lastAttemptAt: nullable(Instant),
    lastError: nullable(
      Type.Object(
        { at: Instant, code: FailureCode, message: Type.String(), deliveryId: Type.String() },
        strict,
      ),
    ),
  },
  { ...strict, title: 'Destination' },
)
export type DestinationWire = Static<typeof Destination>

/* Callers and tokens */

export const Caller = Type.Object(
  { scopes: list(Type.Enum(['read', 'write', 'admin'])) },
  { ...strict, title: 'Caller' },
)

export const Scopes = Type.Array(Type.Enum(['read', 'write', 'admin']), {
  minItems: 1,
  maxItems: 3,
})

export const Token = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    scopes: Type.Immutable(Scopes),
    last4: Type.String(),
    createdAt: Instant,
    lastUsedAt: nullable(Instant),
    expiresAt: nullable(Instant),
  },
  { ...strict, title: 'Token' },
)
export type TokenWire = Static<typeof Token>

export const IssuedToken = Type.Object(
  { ...Token.properties, token: Type.String({ description: 'Shown this once' }) },
  { ...strict, title: 'IssuedToken' },
)

/* Signing secrets, variables, and the server itself */

export const SigningSecret = Type.Object(
  {
    createdAt: nullable(Instant),
    previous: nullable(Type.Object({ createdAt: Instant, lapsesAt: Instant }, strict)),
  },
  { ...strict, title: 'SigningSecret' },
)
export type SigningSecretWire = Static<typeof SigningSecret>

export const IssuedSigningSecret = Type.Object(
  { secret: Type.String({ description: 'Shown this once' }), ...SigningSecret.properties },
  { ...strict, title: 'IssuedSigningSecret' },
)

export const Variable = Type.Object(
  { name: Type.String(), updatedAt: Instant },
  { ...strict, title: 'Variable' },
)

export const Health = Type.Object(
  {
    version: Type.String(),
    isolation: Type.Object(
      { level: Type.Enum(['process', 'strict']), because: Type.String() },
      { ...strict, description: 'Which wall stands around user code' },
    ),
    store: Type.Object(
      {
        kind: Type.Enum(['sqlite', 'postgres']),
        ok: Type.Boolean({ description: 'A durable write works right now' }),
      },
      strict,
    ),
    backlog: nullable(
      Type.Object(
        { queuedEvents: Count, pendingDeliveries: Count, oldestQueuedAt: nullable(Instant) },
        { ...strict, description: 'Null while the store does not answer' },
      ),
    ),
    uptimeSeconds: Type.Number({ minimum: 0 }),
  },
  { ...strict, title: 'Health' },
)
export type HealthWire = Static<typeof Health>

/* The live stream's data */

export type LiveData = {
  readonly eventId: string
  readonly deliveryId?: string
  /** In the stream of all workflows. */
  readonly workflowId?: string
}
