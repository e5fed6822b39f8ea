/**
 * The API's shapes of what an operator watches over all workflows: the list of deliveries, destinations,
 * work in bulk, figures over time; see wire.ts.
 */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Attempt, Delivery, DeliveryStatus, FailureCode } from './wire-event.ts'
import { Count, Instant, Milliseconds, nullable, page, strict } from './wire.ts'

/* Deliveries */

export const DeliveryRow = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String(),
    workflowId: Type.String(),
    step: Type.String(),
    index: Count,
    status: DeliveryStatus,
    code: Delivery.properties.code,
    method: Type.String(),
    url: Type.String({ description: 'Secrets masked' }),
    origin: Type.String({ description: 'The destination' }),
    receivedAt: Type.String({ ...Instant, description: 'When its event came in' }),
    dueAt: nullable(Instant),
    attempts: Type.Integer({ minimum: 0, description: 'Begun so far' }),
    last: nullable(
      Type.Object(
        {
          startedAt: Instant,
          outcome: Attempt.properties.outcome,
          status: nullable(Type.Integer({ description: 'Of the answer' })),
          totalMs: nullable(Milliseconds),
          error: nullable(Type.String()),
        },
        { ...strict, description: 'The last attempt that ended' },
      ),
    ),
  },
  { ...strict, title: 'DeliveryRow' },
)
export type DeliveryRowWire = Static<typeof DeliveryRow>

export const DeliveryList = page(DeliveryRow)
export type DeliveryListWire = Static<typeof DeliveryList>

/* The server */

export const Instance = Type.Object(
  {
    retentionDays: Type.Integer({ minimum: 0, description: '0: events are kept for good' }),
    egressAllow: Type.Immutable(
      Type.Array(Type.String(), {
        description: 'What may be reached besides public addresses: CIDR[:port]',
      }),
    ),
    bodyLimitBytes: Count,
  },
  { ...strict, title: 'Instance' },
)
export type InstanceWire = Static<typeof Instance>

/* Work in bulk */

export const Bulk = Type.Object(
  {
    id: Type.String(),
    action: Type.Enum(['replay', 'redeliver']),
    workflowId: nullable(Type.String({ description: 'Null where its filter names none' })),
    rate: Type.Integer({ minimum: 1, description: 'Items a second' }),
    state: Type.Enum(['counting', 'running', 'done', 'canceled']),
    total: nullable(Type.Integer({ minimum: 0, description: 'Null while they are counted' })),
    done: Count,
    failed: Type.Integer({ minimum: 0, description: 'Items that could not be done' }),
    message: nullable(Type.String({ description: 'Why, of the last of these' })),
    createdAt: Instant,
    finishedAt: nullable(Instant),
  },
  { ...strict, title: 'Bulk' },
)
export type BulkWire = Static<typeof Bulk>

export const BulkList = page(Bulk)

/** Before a bulk job: what "all that match" would be. */
export const EventCount = Type.Object(
  {
    count: Count,
    isExact: Type.Boolean({ description: 'False where there may be more' }),
    before: Type.String({
      ...Instant,
      description: 'Counted were events received before; as a filter, it leaves out newer ones',
    }),
  },
  { ...strict, title: 'EventCount' },
)
export type EventCountWire = Static<typeof EventCount>

/* Figures */

const Quantiles = nullable(
  Type.Object({ p50: Milliseconds, p95: Milliseconds, p99: Milliseconds }, strict),
)

const figures = {
  events: Count,
  refused: Type.Integer({ minimum: 0, description: 'Listed with an error, and no run' }),
  runs: Type.Object(
    {
      queued: Count,
      running: Count,
      succeeded: Count,
      ended: Count,
      failed: Count,
      timed_out: Count,
    },
    strict,
  ),
  deliveries: Type.Object(
    {
      pending: Count,
      sending: Count,
      delivered: Count,
      failed: Count,
      blocked: Count,
      canceled: Count,
      held: Count,
    },
    strict,
  ),
}

export const Figures = Type.Object(figures, { ...strict, title: 'Figures' })
export type FiguresWire = Static<typeof Figures>

export const FiguresBucket = Type.Object(
  {
    at: Instant,
    ...figures,
    delayMs: Quantiles,
    runMs: Quantiles,
    deliveryMs: Quantiles,
  },
  {
    ...strict,
    title: 'FiguresBucket',
    description:
      'Of the events that came in from `at` on. delayMs: from arrival to the start of the run; deliveryMs: the whole last attempt',
  },
)
export type FiguresBucketWire = Static<typeof FiguresBucket>

export const Stats = Type.Object(
  {
    from: Instant,
    to: Instant,
    bucketMs: Type.Integer({ minimum: 1 }),
    isExact: Type.Boolean({
      description:
        'False where some buckets have more events than are looked at one by one: what became of them is then told by an even sample',
    }),
    totals: Figures,
    successRate: nullable(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Delivered, of the deliveries that have ended',
      }),
    ),
    queue: Type.Object(
      { events: Count, deliveries: Count, oldestAt: nullable(Instant) },
      { ...strict, description: 'What waits right now, over the whole instance' },
    ),
    series: Type.Immutable(Type.Array(FiguresBucket)),
  },
  { ...strict, title: 'Stats' },
)
export type StatsWire = Static<typeof Stats>

export const Activity = Type.Object(
  {
    workflowId: Type.String(),
    hours: Type.Immutable(
      Type.Array(Count, { description: 'Events of each of the last 24 hours, oldest first' }),
    ),
    looked: Type.Integer({
      minimum: 0,
      description: 'How many of the latest events `failed` is of',
    }),
    failed: Count,
    lastEventAt: nullable(Instant),
    lastError: nullable(
      Type.Object({ eventId: Type.String(), at: Instant, message: Type.String() }, strict),
    ),
  },
  { ...strict, title: 'Activity', description: 'How a workflow has been doing' },
)
export type ActivityWire = Static<typeof Activity>

export const ActivityList = page(Activity)

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
