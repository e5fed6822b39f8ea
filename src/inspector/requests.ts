/**
 * The shapes of what is sent to the API: queries and bodies, as SPEC section 8 gives them. Unknown
 * names are refused everywhere, so a misspelt field is an error and never a silent no.
 */
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import { limits } from '../model/limits.ts'
import { DeliveryStatus, FailureCode, RunStatus } from './wire-event.ts'
import { Scopes } from './wire-instance.ts'
import {
  Auth,
  codeFields,
  noteFields,
  RetryPolicy,
  Settings,
  stepName,
  workflowName,
} from './wire-workflow.ts'
import { Instant, nullable, strict, texts } from './wire.ts'

export const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limits.pageSizeMax, default: limits.pageSize }),
    ),
    cursor: Type.Optional(Type.String({ description: 'nextCursor of the page before' })),
  },
  strict,
)

export const EventFilter = Type.Object(
  {
    q: Type.Optional(
      Type.String({
        maxLength: limits.searchLength,
        description: 'Partial, in any case, over every field name and value of $event',
      }),
    ),
    status: Type.Optional(RunStatus),
    delivery: Type.Optional(DeliveryStatus),
    version: Type.Optional(Type.Integer({ minimum: 1 })),
    before: Type.Optional(Type.String({ format: 'date-time', description: 'Received before' })),
    after: Type.Optional(
      Type.String({ format: 'date-time', description: 'Received then or later' }),
    ),
  },
  strict,
)

export const EventsQuery = Type.Object(
  { ...PageQuery.properties, ...EventFilter.properties },
  strict,
)

const instants = {
  before: Type.Optional(
    Type.String({ format: 'date-time', description: 'Of events received before' }),
  ),
  after: Type.Optional(
    Type.String({ format: 'date-time', description: 'Of events received then or later' }),
  ),
}

/** Which deliveries, over all workflows. */
export const DeliveryFilter = Type.Object(
  {
    workflow: Type.Optional(Type.String()),
    status: Type.Optional(DeliveryStatus),
    code: Type.Optional(FailureCode),
    origin: Type.Optional(
      Type.String({
        maxLength: limits.sendUrlBytes,
        description: 'Scheme, host and port, such as https://api.example.com',
      }),
    ),
    q: Type.Optional(
      Type.String({
        maxLength: limits.searchLength,
        description: 'Partial, in any case, over method, address, step and code',
      }),
    ),
    ...instants,
  },
  { ...strict, title: 'DeliveryFilter' },
)

export const DeliveriesQuery = Type.Object(
  { ...PageQuery.properties, ...DeliveryFilter.properties },
  strict,
)

export const DestinationsQuery = Type.Object(
  {
    ...PageQuery.properties,
    q: Type.Optional(
      Type.String({
        maxLength: limits.searchLength,
        description: 'Case-insensitive, partial, over the origin',
      }),
    ),
  },
  strict,
)

export const AttemptsQuery = Type.Object(
  {
    before: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Only attempts with lower numbers' }),
    ),
  },
  strict,
)

const ids = Type.Optional(
  Type.Array(Type.String(), {
    minItems: 1,
    maxItems: limits.bulkIds,
    description: 'These alone, whatever else the filter says',
  }),
)
const bulkRate = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: limits.bulkRateMax,
    default: limits.bulkRate,
    description: 'Items a second',
  }),
)

const Redeliver = Type.Object(
  {
    action: Type.Literal('redeliver'),
    filter: Type.Object(
      {
        ...DeliveryFilter.properties,
        status: Type.Optional(Type.Enum(['failed', 'blocked', 'canceled', 'held', 'delivered'])),
        ids,
      },
      strict,
    ),
    rate: bulkRate,
  },
  { ...strict, title: 'BulkRedeliver' },
)

const ReplayMany = Type.Object(
  {
    action: Type.Literal('replay'),
    filter: Type.Object(
      {
        workflow: Type.Optional(Type.String()),
        q: EventsQuery.properties.q,
        status: EventsQuery.properties.status,
        delivery: EventsQuery.properties.delivery,
        version: EventsQuery.properties.version,
        ...instants,
        runOn: Type.Optional(Type.Enum(['latest', 'original'], { default: 'latest' })),
        ids,
      },
      strict,
    ),
    rate: bulkRate,
  },
  { ...strict, title: 'BulkReplay' },
)

export const BulkQuery = Type.Object(
  {
    ...PageQuery.properties,
    state: Type.Optional(
      Type.Enum(['running', 'done', 'canceled'], {
        description: 'running: those that are still counted too',
      }),
    ),
  },
  strict,
)

export const NewBulk = Type.Union([Redeliver, ReplayMany], { title: 'NewBulk' })

/** Null leaves a field out too, which is what a cleared form field sends. */
const maybe = <Field extends TSchema>(field: Field) => Type.Optional(nullable(field))

const newWebhookFields = {
  type: Type.Literal('webhook'),
  url: Type.String({ minLength: 1 }),
  payload: maybe(Type.String({ description: 'A JavaScript expression' })),
  method: maybe(Type.String()),
  headers: maybe(texts),
  params: maybe(texts),
  auth: maybe(Auth),
  retry: maybe(RetryPolicy),
}

/** A step as sent: its name may be left out. */
const NewStep = Type.Union(
  [
    Type.Object({ name: Type.Optional(stepName), ...codeFields }, strict),
    Type.Object({ name: Type.Optional(stepName), ...newWebhookFields }, strict),
    Type.Object({ name: Type.Optional(stepName), ...noteFields }, strict),
  ],
  { title: 'NewStep' },
)

const newSteps = Type.Array(NewStep, { maxItems: limits.stepsPerWorkflow })

const rate = Type.Object(
  { perSecond: maybe(Type.Integer({ minimum: 1 })), burst: maybe(Type.Integer({ minimum: 1 })) },
  strict,
)
const { timeoutMs, memoryMb, deliverOnError, resendInterrupted, response, isolation } =
  Settings.properties

/** What is left out, or null, has its default. */
const NewSettings = Type.Object(
  {
    timeoutMs: maybe(timeoutMs),
    memoryMb: maybe(memoryMb),
    rate: maybe(rate),
    deliverOnError: maybe(deliverOnError),
    resendInterrupted: maybe(resendInterrupted),
    retry: maybe(RetryPolicy),
    signing: maybe(Type.Object({ version: maybe(Type.Literal('v1')) }, strict)),
    response: maybe(response),
    isolation: maybe(isolation),
    triggerAuth: Type.Optional(Settings.properties.triggerAuth),
  },
  { ...strict, title: 'NewSettings' },
)

export const NewWorkflow = Type.Object(
  { name: workflowName, steps: newSteps, settings: maybe(NewSettings) },
  { ...strict, title: 'NewWorkflow' },
)

const expectedVersion = maybe(
  Type.Integer({
    minimum: 1,
    description: 'Save only over this version; 409 version_conflict where it is another by now',
  }),
)

/** A save of the whole. */
export const ReplacedWorkflow = Type.Object(
  { ...NewWorkflow.properties, expectedVersion },
  { ...strict, title: 'ReplacedWorkflow' },
)

export const Steps = Type.Object({ steps: newSteps }, { ...strict, title: 'Steps' })

export const WorkflowChange = Type.Object(
  {
    name: Type.Optional(workflowName),
    steps: Type.Optional(newSteps),
    settings: Type.Optional(NewSettings),
    active: Type.Optional(Type.Boolean()),
    expectedVersion,
  },
  { ...strict, title: 'WorkflowChange' },
)

export const Replay = Type.Object(
  { version: Type.Optional(Type.Enum(['latest', 'original'], { default: 'latest' })) },
  { ...strict, title: 'Replay' },
)

export const Test = Type.Object(
  {
    event: Type.Unsafe<unknown>({
      description: 'The id of a stored event, or an object in the shape of $event',
      anyOf: [{ type: 'string' }, { type: 'object' }],
    }),
    steps: Type.Optional(newSteps),
    send: Type.Optional(
      Type.Boolean({ default: false, description: 'false: a dry run, nothing is stored or sent' }),
    ),
  },
  { ...strict, title: 'Test' },
)

export const VariableValue = Type.Object(
  { value: Type.String({ description: 'At most 32 KiB of text; never given back' }) },
  { ...strict, title: 'VariableValue' },
)

export const NewSigningSecret = Type.Object(
  {
    secret: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'whsec_ and the base64 of 24 to 64 bytes; one is drawn if it is left out',
      }),
    ),
  },
  { ...strict, title: 'NewSigningSecret' },
)

export const DestinationChange = Type.Object(
  {
    paused: Type.Optional(Type.Boolean()),
    concurrency: maybe(Type.Integer({ minimum: 1, maximum: limits.laneConcurrencyMax })),
    ratePerSecond: maybe(
      Type.Number({ minimum: limits.laneRatePerSecondMin, maximum: limits.laneRatePerSecondMax }),
    ),
  },
  { ...strict, title: 'DestinationChange' },
)

export const NewToken = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: limits.tokenNameLength }),
    scopes: Type.Optional(Type.Array(Scopes.items, { ...Scopes, default: ['read'] })),
    expiresAt: Type.Optional(nullable(Instant)),
  },
  { ...strict, title: 'NewToken' },
)
