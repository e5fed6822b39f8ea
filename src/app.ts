/**
 * The composition root: builds the parts in the order data flows, and stops them in an order in which
 * whatever feeds a part stops before it. This file is the table of contents of the program.
 */
import { join, resolve } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { SealedRequests } from './account/sealed-requests.ts'
import { SecretKey } from './account/secret-key.ts'
import { SigningSecrets } from './account/signing-secrets.ts'
import { Variables } from './account/variables.ts'
import { IdSource, systemClock } from './clock.ts'
import { machineEnvironment, tlsRejectUnauthorized } from './config.ts'
import type { Config } from './config.ts'
import { DeliveryThread } from './delivery/thread.ts'
import { AppError } from './errors.ts'
import { createDemoReceiver } from './demo-receiver.ts'
import { createEgress } from './egress/connector.ts'
import { refuseGlobalFetch, requireVerifiedTls } from './egress/refuse-global-fetch.ts'
import { createTunnel } from './egress/tunnel.ts'
import { Answers } from './execution/answers.ts'
import { checkSteps } from './execution/compile.ts'
import { Executor } from './execution/executor.ts'
import { createInstaller } from './execution/installer.ts'
import { readNpmSettings } from './execution/npm-settings.ts'
import { Packages } from './execution/packages.ts'
import { Versions } from './execution/versions.ts'
import { createHttpListener } from './http-listener.ts'
import type { HttpListener } from './http-listener.ts'
import { answerProblem } from './ingest/answers.ts'
import { createIngest } from './ingest/ingest.ts'
import { keyOfHost } from './ingest/trigger-target.ts'
import { createInspector } from './inspector/inspector.ts'
import { checkDefinition } from './model/definition.ts'
import { BulkJobs } from './maintenance/bulk-jobs.ts'
import { BulkExpiry } from './maintenance/expire-bulk-jobs.ts'
import { PackageCollector } from './maintenance/collect-packages.ts'
import { Retention } from './maintenance/retention.ts'
import { LocalNotifier } from './notifier/local.ts'
import { createRunner } from './runner/create-runner.ts'
import { probeIsolation } from './runner/isolation.ts'
import type { Isolation } from './runner/isolation.ts'
import { SqliteStore } from './store/sqlite/sqlite-store.ts'
import { createLog } from './telemetry/log.ts'
import type { Log } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'

export type App = {
  start(): Promise<void>
  /** Drains: answers 503, lets what is under way end within bounds, leaves the rest durable. */
  stop(): Promise<void>
  /** The address under which the world reaches this server. */
  baseUrl(): string
  /** The address it listens on. */
  localUrl(): string
  demoReceiverUrl(): string | undefined
  /** The wall that stands around user code. */
  isolation(): { readonly level: string; readonly because: string }
  /** The link that makes its first visitor the owner; null once there is a token. Works once. */
  offerSetUp(): Promise<string | null>
  /** Resolves with the reason if a part dies that the server cannot live without. */
  readonly failed: Promise<Error>
}

type CreateStore = (...args: ConstructorParameters<typeof SqliteStore>) => SqliteStore

/**
 * Builds a server. Rejects with `setting_invalid` where settings do not fit, and `isolation_missing`;
 * nothing but the demo's receiver runs yet.
 */
export async function createApp(
  config: Config,
  createStore: CreateStore = (deps, options) => new SqliteStore(deps, options),
): Promise<App> {
  requireVerifiedTls(tlsRejectUnauthorized())
  refuseGlobalFetch()
  const isolation = await probeIsolation(config.isolation)
  keepPagesApart(config)
  const failure = Promise.withResolvers<Error>()
  const demoReceiver = config.demoReceiver ? createDemoReceiver() : undefined
  await demoReceiver?.start()
  const allow = [...config.egressAllow, ...(demoReceiver ? [demoReceiver.allowEntry()] : [])]
  const own: Own = { listener: undefined, publicUrl: config.publicUrl, isStarted: false }

  const ground = layGround(config, createStore, failure.resolve)
  sayIsolation(ground.log, isolation, config)
  const engine = buildEngine(ground, isolation, own, allow, failure.resolve)
  const doors = buildDoors(ground, engine, own, config)

  const parts = [
    // First and last: whoever asks while the others start or stop hears so, and is not just refused.
    doors.listener,
    ground.store,
    ground.notifier,
    ground.key,
    ground.variables,
    engine.runner,
    engine.packages,
    engine.collector,
    engine.delivery,
    engine.executor,
    engine.bulk,
    new Retention(ground, config.retentionDays),
    new BulkExpiry(ground),
    doors.inspector,
  ]
  return {
    failed: failure.promise,
    baseUrl: () => baseUrlOf(own),
    localUrl: () => localUrlOf(own),
    demoReceiverUrl: () => demoReceiver?.url(),
    isolation: () => engine.runner.level(),
    offerSetUp: async () => {
      const path = await doors.inspector.offerSetUp()
      return path && `${baseUrlOf(own)}${path}`
    },
    async start() {
      own.listener = doors.listener
      try {
        for (const part of parts) await part.start()
      } catch (error) {
        await doors.listener.stop()
        throw error
      }
      engine.delivery.identify(identityOf(own))
      own.isStarted = true
      doors.inspector.setReady(true)
    },
    async stop() {
      doors.inspector.setReady(false)
      const answered = doors.ingest.stop()
      await engine.packages.stop()
      await doors.listener.drain()
      await answered
      for (const part of parts.toReversed()) await part.stop()
      await demoReceiver?.stop()
    },
  }
}

type Ground = ReturnType<typeof layGround>

/** What every part stands on: time, log, metrics, store, hints. */
function layGround(config: Config, createStore: CreateStore, onFatal: (error: Error) => void) {
  const clock = systemClock
  const ids = new IdSource(clock)
  const log = createLog({ clock, write: (line) => process.stderr.write(line) }, config.logLevel)
  const store = createStore(
    { clock },
    { folder: resolve(config.data), nodeId: ids.next('node'), onFatal },
  )
  const notifier = new LocalNotifier({
    report: (error) => log.error('listener failed', { error }),
  })
  const metrics = createMetrics({ clock, backlog: () => store.inspect.backlog() })
  const folder = resolve(config.data)
  const key = new SecretKey({ store, clock }, { secretKey: config.secretKey, folder })
  const variables = new Variables({ store, notifier, clock, key })
  const signing = new SigningSecrets({ store, notifier, clock, key })
  const requests = new SealedRequests({ key })
  return { folder, clock, ids, log, store, notifier, metrics, key, variables, signing, requests }
}

/** At `warn` where this machine kept the server from the stricter wall and nobody had decided so. */
function sayIsolation(
  log: Log,
  { level, because }: Isolation,
  { isolation: choice }: Config,
): void {
  const weaker = choice === 'auto' && level === 'process'
  log[weaker ? 'warn' : 'info']('isolation', { wall: level, because })
}

type Engine = ReturnType<typeof buildEngine>

/** From an admitted event to a settled delivery. */
function buildEngine(
  { folder, clock, ids, log, store, notifier, metrics, variables, signing, requests }: Ground,
  isolation: Isolation,
  own: Own,
  allow: readonly string[],
  onFatal: (error: Error) => void,
) {
  const egress = createEgress({ clock }, { allow, self: () => identityOf(own).self })
  const runner = createRunner({
    clock,
    isolation,
    tunnel: createTunnel(egress),
    onLate: ({ accountId, eventId, step, entry }) => {
      variables
        .of(accountId)
        .then(({ mask }) =>
          store.appendLate(accountId, eventId, step, { ...entry, text: mask(entry.text) }),
        )
        .catch((error: unknown) => log.error('late report lost', { eventId, step, error }))
    },
  })
  const delivery = new DeliveryThread(
    { store, notifier, metrics, signing, variables, requests },
    {
      allow,
      identity: identityOf(own),
      onFatal,
      onRefused: (refused) => log.error('attempt not recorded', refused),
      onFault: (fault) => log.error('the store refuses deliveries', fault),
      onUnopened: (unopened) => log.error('secrets not opened', unopened),
    },
  )
  const packages = new Packages(
    {
      store,
      clock,
      install: createInstaller(() => readNpmSettings(machineEnvironment())),
      closedToGuests: (path) => runner.closedToGuests(path),
    },
    join(folder, 'packages'),
  )
  const collector = new PackageCollector({ store, clock, log }, join(folder, 'packages'))
  const answers = new Answers()
  const executor = new Executor({
    store,
    runner,
    notifier,
    clock,
    variables,
    requests,
    answers,
    handOver: delivery,
    versions: new Versions({ store, packages }),
    onFailure: ({ id }, error) => log.error('event left for the next start', { id, error }),
    onFault: (error) => log.error('the store refuses to give events', { error }),
    onFinished: ({ id, workflowId }, { outcome: { status, durationMs, message }, sends }) => {
      metrics.runEnded(status, durationMs)
      log.info('run', { id, workflowId, status, durationMs, said: message, sends: sends.length })
    },
  })
  const bulk = new BulkJobs({ store, clock, ids, notifier, deliveries: delivery, log, variables })
  return { runner, packages, collector, delivery, executor, answers, bulk }
}

/** The two doors behind the one port: triggers, and the API. */
function buildDoors(ground: Ground, engine: Engine, own: Own, config: Config) {
  const ingest = createIngest(
    { ...ground, handOver: engine.executor, answers: engine.answers },
    config,
  )
  const inspector = createInspector(
    {
      ...ground,
      checkDefinition,
      checkSteps,
      packages: engine.packages,
      execution: engine.executor,
      about: {
        version: manifest.version,
        store: 'sqlite',
        isolation: () => engine.runner.level(),
      },
      deliveries: engine.delivery,
      bulk: engine.bulk,
    },
    {
      adminToken: config.adminToken,
      baseUrl: () => baseUrlOf(own),
      instance: {
        retentionDays: config.retentionDays,
        egressAllow: config.egressAllow,
        bodyLimitBytes: config.bodyLimitBytes,
      },
    },
  )
  const listener = createHttpListener(
    {
      trigger: (request, response) =>
        own.isStarted
          ? ingest.handle(request, response)
          : answerProblem(request, response, new AppError('starting')),
      rest: (request, response) => inspector.handle(request, response),
    },
    config,
  )
  return { ingest, inspector, listener }
}

/** Below the trigger domain there are endpoints only, so the pages and the API cannot be there. */
function keepPagesApart({ publicUrl, triggerDomain }: Config): void {
  const host = publicUrl === null ? undefined : new URL(publicUrl).host
  if (keyOfHost(host, triggerDomain) === undefined) return
  const expected = 'a domain that SENDOFF_PUBLIC_URL is not below'
  throw new AppError('setting_invalid', {
    name: 'SENDOFF_TRIGGER_DOMAIN',
    expected,
    actual: `${triggerDomain} beside ${publicUrl}`,
  })
}

/** What is known of this server: its port once it listens, and whether it takes events yet. */
type Own = {
  listener: HttpListener | undefined
  readonly publicUrl: string | null
  isStarted: boolean
}

function localUrlOf({ listener }: Own): string {
  const { host, port } = listener!.address()
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const baseUrlOf = (own: Own): string => own.publicUrl ?? localUrlOf(own)

/** How deliveries name their sender, with the page to report them at, and where they must not lead. */
function identityOf(own: Own) {
  const address = own.listener?.address()
  const known = address !== undefined || own.publicUrl !== null
  return {
    userAgent: `Sendoff/${manifest.version}${known ? ` (+${baseUrlOf(own)}/abuse)` : ''}`,
    self: address ? [{ address: address.host, port: address.port }] : [],
  }
}
