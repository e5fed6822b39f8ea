/**
 * The API over a real socket and a real store, with stand-ins of a few lines for what runs and sends.
 * Every answer that a test gets is checked against the OpenAPI document that the server itself
 * publishes, so the document and the answers cannot drift apart.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createToken } from '../../src/account/tokens.ts'
import { SecretKey } from '../../src/account/secret-key.ts'
import { SigningSecrets } from '../../src/account/signing-secrets.ts'
import { Variables } from '../../src/account/variables.ts'
import { IdSource, systemClock } from '../../src/clock.ts'
import { checkSteps } from '../../src/execution/compile.ts'
import { createInspector } from '../../src/inspector/inspector.ts'
import type { Inspector } from '../../src/inspector/inspector.ts'
import type { InspectorDeps, InspectorOptions, Submission } from '../../src/inspector/ports.ts'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import type { Scope } from '../../src/model/account.ts'
import { checkDefinition } from '../../src/model/definition.ts'
import type { DestinationActivity } from '../../src/model/destination.ts'
import { LocalNotifier } from '../../src/notifier/local.ts'
import type { Hint } from '../../src/notifier/notifier.ts'
import type { RunResult } from '../../src/runner/runner.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { checkAnswer } from './check-answer.ts'
import type { Document } from './check-answer.ts'

export const ADMIN_TOKEN = 'root-token-of-the-tests'
export const BASE_URL = 'https://hooks.example'

// oxlint-disable-next-line typescript/no-explicit-any -- tests read answers of every shape
export type Answer = { status: number; headers: Headers; text: string; body: any }

type CallOptions = {
  readonly body?: unknown
  /** Null sends no Authorization header. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export type TestInspector = {
  readonly inspector: Inspector
  readonly store: SqliteStore
  readonly notifier: LocalNotifier
  readonly variables: Variables
  readonly signing: SigningSecrets
  readonly ids: IdSource
  readonly url: string
  /** What the API published and asked for. */
  readonly hints: Hint[]
  readonly submitted: Submission[]
  readonly logged: unknown[]
  wakes: number
  bulkWakes: number
  readonly lifted: string[]
  readonly probed: string[]
  /** What delivery tells of every destination. */
  activity: DestinationActivity | null
  /** What a dry run answers. */
  result: RunResult
  /** `path` follows /api/v1 unless it is absolute in `raw`. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  raw(method: string, path: string, options?: CallOptions): Promise<Answer>
  workflow(name?: string): Promise<WorkflowWire>
  event(id: string): Promise<EventDetailWire>
  token(accountId: number, scopes: readonly Scope[]): Promise<{ id: string; secret: string }>
}

export async function startInspector(
  t: TestContext,
  overrides: Partial<InspectorDeps & InspectorOptions> = {},
): Promise<TestInspector> {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-inspector-'))
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: 'node_test' })
  await store.start()
  const notifier = new LocalNotifier({ report: (error) => assert.fail(String(error)) })
  const ids = new IdSource(systemClock)
  const key = new SecretKey({ store, clock: systemClock }, { secretKey: null, folder })
  await key.start()
  const variables = new Variables({ store, notifier, clock: systemClock, key })
  await variables.start()
  const signing = new SigningSecrets({ store, notifier, clock: systemClock, key })
  const state = {
    hints: [] as Hint[],
    submitted: [] as Submission[],
    logged: [] as unknown[],
    wakes: 0,
    bulkWakes: 0,
    lifted: [] as string[],
    probed: [] as string[],
    activity: null as DestinationActivity | null,
    result: { outcome: succeeded, sends: [] } as RunResult,
  }
  notifier.subscribe((hint) => state.hints.push(hint))
  const inspector = createInspector(
    {
      store,
      notifier,
      ids,
      clock: systemClock,
      checkDefinition,
      checkSteps,
      packages: { prepare: async () => null },
      execution: {
        submit: async (event) => {
          state.submitted.push(event)
          await store.admit([{ ...event, error: null, leased: true, idempotency: null }])
        },
        dryRun: async (event) => {
          state.submitted.push(event)
          return test.result
        },
      },
      variables,
      signing,
      about: {
        version: '0.0.0',
        store: 'sqlite',
        isolation: () => ({ level: 'process', because: 'the tests say so' }),
      },
      bulk: { wake: async () => void test.bulkWakes++ },
      deliveries: {
        wake: () => void test.wakes++,
        syncDestinations: async () => {
          await store.syncDestinations()
        },
        withdraw: async () => false,
        probe: (lane) => void test.probed.push(lane),
        lift: (lane) => test.lifted.push(lane),
        activity: async (lanes) => lanes.map(() => test.activity),
      },
      log: { error: (message, fields) => state.logged.push({ message, ...fields }) },
      ...overrides,
    },
    { adminToken: ADMIN_TOKEN, baseUrl: () => BASE_URL, instance, ...overrides },
  )
  await inspector.start()
  inspector.setReady(true)
  const server = createServer((request, response) => inspector.handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    await inspector.stop()
    server.close()
    server.closeAllConnections()
    await store.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const raw = (method: string, path: string, options: CallOptions = {}) =>
    fetchAnswer(`${url}${path}`, method, options)
  const document = (await raw('GET', '/api/v1/openapi.json')).body as Document
  const test: TestInspector = {
    ...state,
    inspector,
    store,
    notifier,
    variables,
    signing,
    ids,
    url,
    raw,
    async call(method, path, options) {
      const answer = await raw(method, `/api/v1${path}`, options)
      checkAnswer(document, method, `/api/v1${path}`, answer)
      return answer
    },
    async workflow(name = 'Orders') {
      const steps = [{ type: 'code', name: 'nodejs', code: 'return 1' }]
      const made = await test.call('POST', '/workflows', { body: { name, steps } })
      assert.equal(made.status, 201, made.text)
      return made.body as WorkflowWire
    },
    async event(id) {
      const found = await test.call('GET', `/events/${id}`)
      assert.equal(found.status, 200, found.text)
      return found.body as EventDetailWire
    },
    async token(accountId, scopes) {
      const wish = { accountId, name: 'test', scopes }
      const { token, secret } = await createToken({ store, ids, clock: systemClock }, wish)
      return { id: token.id, secret }
    },
  }
  return test
}

const instance = { retentionDays: 30, egressAllow: [], bodyLimitBytes: 1_048_576 }

const succeeded: RunResult['outcome'] = {
  status: 'succeeded',
  startedAt: Date.parse('2026-11-23T08:00:00.000Z'),
  durationMs: 12,
  message: null,
  steps: [],
}

async function fetchAnswer(url: string, method: string, options: CallOptions): Promise<Answer> {
  const { body, token = ADMIN_TOKEN, headers = {} } = options
  const answer = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  }
}
