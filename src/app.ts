/**
 * The composition root: builds the parts in the order data flows, and stops them in an order in which
 * whatever feeds a part stops before it. This file is the table of contents of the program.
 */
import { resolve } from 'node:path'
import { IdSource, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { tlsRejectUnauthorized } from './config.ts'
import { createDemoReceiver } from './demo-receiver.ts'
import { Dispatcher } from './delivery/dispatcher.ts'
import { createEgress } from './egress/connector.ts'
import { refuseGlobalFetch, requireVerifiedTls } from './egress/refuse-global-fetch.ts'
import { createTunnel } from './egress/tunnel.ts'
import { checkSteps } from './execution/compile.ts'
import { Executor } from './execution/executor.ts'
import { Versions } from './execution/versions.ts'
import { createHttpListener } from './http-listener.ts'
import { createIngest } from './ingest/ingest.ts'
import { createInspector } from './inspector/inspector.ts'
import { checkDefinition } from './model/definition.ts'
import { LocalNotifier } from './notifier/local.ts'
import { createRunner } from './runner/create-runner.ts'
import { SqliteStore } from './store/sqlite/sqlite-store.ts'

export type App = {
  start(): Promise<void>
  /** Drains: answers 503, lets what is under way end within bounds, leaves the rest durable. */
  stop(): Promise<void>
  /** The address under which the world reaches this server. */
  baseUrl(): string
  /** The address it listens on. */
  localUrl(): string
  demoReceiverUrl(): string | undefined
  /** Resolves with the reason if a part dies that the server cannot live without. */
  readonly failed: Promise<Error>
}

/** Builds a server. Throws `setting_invalid` where settings do not fit together; nothing runs yet. */
export async function createApp(config: Config): Promise<App> {
  requireVerifiedTls(tlsRejectUnauthorized())
  refuseGlobalFetch()
  const clock = systemClock
  const ids = new IdSource(clock)
  const log = {
    error: (message: string, fields: Readonly<Record<string, unknown>>) =>
      void process.stderr.write(`${message} ${JSON.stringify(fields)} ${String(fields['error'])}\n`),
  }
  const failure = Promise.withResolvers<Error>()

  const demoReceiver = config.demoReceiver ? createDemoReceiver() : undefined
  await demoReceiver?.start()
  const allow = [...config.egressAllow, ...(demoReceiver ? [demoReceiver.allowEntry()] : [])]

  const notifier = new LocalNotifier({ report: (error) => log.error('a listener threw', { error }) })
  const store = new SqliteStore(
    { clock },
    { folder: resolve(config.data), nodeId: ids.next('node'), onFatal: failure.resolve },
  )
  const egress = createEgress({ clock }, { allow, self: () => [ownAddress()] })
  const runner = createRunner({
    clock,
    tunnel: createTunnel(egress),
    onLate: ({ accountId, eventId, step, entry }) => {
      void store.appendLate(accountId, eventId, step, entry).catch((error: unknown) => {
        log.error('late report lost', { eventId, step, text: entry.text, error })
      })
    },
  })
  const delivery = new Dispatcher({
    store,
    egress,
    clock,
    userAgent: `Sendoff/0.1.0 (+${config.publicUrl ?? 'http://localhost'}/abuse)`,
    notify: (hint) => notifier.publish(hint),
    onFailure: ({ eventId }, error) => log.error('attempt not recorded', { eventId, error }),
  })
  const executor = new Executor({
    store,
    runner,
    notifier,
    clock,
    handOver: delivery,
    versions: new Versions({ store }),
    onFailure: (event, error) =>
      log.error('event left for the next start', { id: event.id, error }),
  })
  const ingest = createIngest({ store, notifier, clock, ids, handOver: executor }, config)
  const inspector = createInspector(
    {
      store,
      notifier,
      clock,
      ids,
      checkDefinition,
      checkSteps,
      log,
      execution: executor,
      deliveries: delivery,
    },
    { adminToken: config.adminToken, baseUrl: () => baseUrl() },
  )
  const listener = createHttpListener(
    {
      trigger: (request, response) => ingest.handle(request, response),
      rest: (request, response) => inspector.handle(request, response),
    },
    config,
  )

  const ownAddress = (): { address: string; port: number } => {
    const { host, port } = listener.address()
    return { address: host, port }
  }
  const localUrl = (): string => {
    const { host, port } = listener.address()
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }
  const baseUrl = (): string => config.publicUrl ?? localUrl()
  const parts = [store, notifier, runner, delivery, executor, inspector, listener]
  return {
    failed: failure.promise,
    baseUrl,
    localUrl,
    demoReceiverUrl: () => demoReceiver?.url(),
    async start() {
      for (const part of parts) await part.start()
      inspector.setReady(true)
    },
    async stop() {
      inspector.setReady(false)
      const answered = ingest.stop()
      await listener.stop()
      await answered
      for (const part of parts.toReversed()) await part.stop()
      await demoReceiver?.stop()
    },
  }
}
