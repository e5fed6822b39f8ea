/**
 * The embedded store: one SQLite database in one folder, for one process at a time.
 *
 * Long, because it spells out the port: one method for each verb, each a call of one of the threads. There
 * is nothing else in it to be taken apart.
 *
 * Two threads, so that neither commits nor long reads ever hold up the caller: the writer (writer.ts)
 * owns the only connection that writes and commits in groups; the reader (reader.ts) serves everything
 * that is only looked at. Other threads of the process speak to the same writer through `connect()`.
 *
 * Invariant: while a store is started nobody else has its folder open; a killed process lets go of it.
 * Invariant: a thread that dies makes every call reject and is reported to `onFatal`; it is never
 * replaced, because what it had in hand is not known: the process must restart and recover.
 */
import { once } from 'node:events'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import type { BulkJob, BulkStep, NewBulkJob } from '../../model/bulk.ts'
import type { Principal, Session, Token } from '../../model/account.ts'
import type { DeliveryTask, NewDelivery, Settlement } from '../../model/delivery.ts'
import type { NewEvent, QueuedEvent } from '../../model/event.ts'
import type { DestinationChange, DestinationSettings } from '../../model/destination.ts'
import type { DeliveryKey } from '../../model/ids.ts'
import type { LogEntry } from '../../model/run.ts'
import type { SealedSigningSecret } from '../../model/signing.ts'
import type { SealedVariable } from '../../model/variable.ts'
import type { Definition, Endpoint, Workflow, WorkflowVersion } from '../../model/workflow.ts'
import type * as bulkJobs from '../bulk-jobs.ts'
import type * as definitions from '../definitions.ts'
import type * as signingSecrets from '../signing-secrets.ts'
import type * as destinations from '../destinations.ts'
import type * as variables from '../variables.ts'
import type { Inspect, Page } from '../inspect.ts'
import type {
  AdoptEventLimits,
  AdoptLimits,
  Admitted,
  Expired,
  ExpiryPosition,
  Finished,
  FinishedRun,
  Recovered,
  Store,
} from '../store.ts'
import { HotClient } from './hot-client.ts'
import { makeFolder } from './make-folder.ts'
import { ReadClient } from './read-client.ts'
import { fromWire } from './store-errors.ts'
import type { WriterNotice } from './writer.ts'

export type SqliteOptions = {
  /** Created with mode 0700 if it is not there. */
  readonly folder: string
  /** New at each start; leases carry it. */
  readonly nodeId: string
  /** A thread of the store died: the store answers nothing any more. */
  readonly onFatal?: (error: Error) => void
}

type Running = {
  readonly writer: Worker
  readonly reader: Worker
  readonly hot: HotClient
  readonly reads: ReadClient
}

/** How often the last use of a token or a session is noted, at most. */
const USE_NOTED_MS = 60_000
const NOTHING: Recovered = { events: 0, interrupted: 0, held: 0 }

export class SqliteStore implements Store {
  readonly #clock: Clock
  readonly #options: SqliteOptions
  #running: Running | undefined
  #recovered = NOTHING
  /** Stopped, or one of its threads has died. */
  #isOver = false
  #stopped: Promise<void> | undefined

  constructor(deps: { readonly clock: Clock }, options: SqliteOptions) {
    this.#clock = deps.clock
    this.#options = options
  }

  get recovered(): Recovered {
    return this.#recovered
  }

  /**
   * Opens, migrates and recovers. Fails with `store_locked`, `store_newer` or `store_corrupt`, and then
   * holds nothing open.
   */
  async start(): Promise<void> {
    const { folder, nodeId } = this.#options
    makeFolder(folder)
    const writer = thread('writer', { folder, nodeId, at: this.#clock.nowMs() })
    const reader = await this.#open(writer).catch(async (error: unknown) => {
      await writer.terminate()
      throw error
    })
    const hot = new HotClient({ clock: this.#clock }, connectTo(writer))
    this.#running = { writer, reader, hot, reads: new ReadClient(reader) }
    for (const worker of [writer, reader]) {
      worker.on('error', (cause) => this.#died(worker, cause))
      worker.on('exit', () => this.#died(worker, undefined))
    }
  }

  /** Waits until the writer has recovered; only then is there something to read. */
  async #open(writer: Worker): Promise<Worker> {
    const [notice] = (await once(writer, 'message')) as [WriterNotice]
    if (notice.kind === 'refused') throw fromWire(notice.error)
    this.#recovered = notice.recovered
    const reader = thread('reader', { folder: this.#options.folder })
    await once(reader, 'message')
    return reader
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  /** A port to the writer for another thread of this process; see `connectStore`. */
  connect(): MessagePort {
    return connectTo(this.#parts.writer)
  }

  async check(): Promise<void> {
    return this.#parts.hot.check()
  }

  async admit(events: readonly NewEvent[]): Promise<readonly Admitted[]> {
    return this.#parts.hot.admit(events)
  }

  async finish(run: FinishedRun, deliveries: readonly NewDelivery[]): Promise<Finished> {
    return this.#parts.hot.finish(run, deliveries)
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    return this.#parts.hot.settle(settlements)
  }

  async adoptEvents(limits: AdoptEventLimits): Promise<readonly QueuedEvent[]> {
    return this.#parts.hot.adoptEvents(limits)
  }

  async adoptDeliveries(limits: AdoptLimits): Promise<readonly DeliveryTask[]> {
    return this.#parts.hot.adoptDeliveries(limits)
  }

  async giveBack(tasks: readonly DeliveryTask[]): Promise<void> {
    return this.#parts.hot.giveBack(tasks)
  }

  async syncDestinations(): Promise<readonly DestinationSettings[]> {
    return this.#parts.hot.syncDestinations()
  }

  async appendLate(
    accountId: number,
    eventId: string,
    step: string,
    entry: LogEntry,
  ): Promise<void> {
    return this.#parts.hot.appendLate(accountId, eventId, step, entry)
  }

  async createWorkflow(
    accountId: number,
    id: string,
    key: string,
    definition: Definition,
  ): Promise<Workflow> {
    return this.#define('createWorkflow', accountId, id, key, definition)
  }

  async updateWorkflow(
    accountId: number,
    id: string,
    definition: Definition,
    expectedVersion: number | null = null,
  ): Promise<Workflow> {
    return this.#define('updateWorkflow', accountId, id, definition, expectedVersion)
  }

  async setWorkflowActive(accountId: number, id: string, active: boolean): Promise<Workflow> {
    return this.#define('setWorkflowActive', accountId, id, active)
  }

  async deleteWorkflow(accountId: number, id: string): Promise<void> {
    return this.#define('deleteWorkflow', accountId, id)
  }

  async keepPackageSet(hash: string, lock: string): Promise<void> {
    return this.#define('keepPackageSet', hash, lock)
  }

  async dropPackageSets(before: number): Promise<readonly string[]> {
    await this.#define('dropPackageSets', before)
    return this.#parts.reads.read('listPackageSets')
  }

  async findPackageSet(hash: string): Promise<string | undefined> {
    return this.#parts.reads.read('findPackageSet', hash)
  }

  async createToken(token: Token, hash: string): Promise<void> {
    return this.#define('createToken', token, hash)
  }

  async deleteToken(accountId: number, id: string): Promise<boolean> {
    return this.#define('deleteToken', accountId, id)
  }

  async createSession(session: Session, hash: string): Promise<void> {
    return this.#define('createSession', session, hash)
  }

  async deleteSession(hash: string): Promise<void> {
    return this.#define('deleteSession', hash)
  }

  async findSession(hash: string): Promise<Session | undefined> {
    const found = await this.#parts.reads.read('findSession', hash)
    if (found && found.lastSeenAt < this.#clock.nowMs() - USE_NOTED_MS) {
      // Not awaited, as for tokens.
      this.#define('noteSessionUse', hash).catch(() => undefined)
    }
    return found
  }

  async putVariable(accountId: number, name: string, sealed: string): Promise<void> {
    return this.#define('putVariable', accountId, name, sealed)
  }

  async deleteVariable(accountId: number, name: string): Promise<boolean> {
    return this.#define('deleteVariable', accountId, name)
  }

  async listVariables(accountId: number): Promise<readonly SealedVariable[]> {
    return this.#parts.reads.read('listVariables', accountId)
  }

  async markSecretKey(proposed: string): Promise<string> {
    return this.#define('markSecretKey', proposed)
  }

  async readSecretKeyMark(): Promise<string | null> {
    return this.#parts.reads.read('readSecretKeyMark')
  }

  async keepSigningSecret(accountId: number, workflowId: string, sealed: string): Promise<void> {
    return this.#define('keepSigningSecret', accountId, workflowId, sealed)
  }

  async rotateSigningSecret(
    accountId: number,
    workflowId: string,
    sealed: string,
    lapsesAt: number,
  ): Promise<void> {
    return this.#define('rotateSigningSecret', accountId, workflowId, sealed, lapsesAt)
  }

  async dropReplacedSigningSecret(accountId: number, workflowId: string): Promise<void> {
    return this.#define('dropReplacedSigningSecret', accountId, workflowId)
  }

  async listSigningSecrets(
    accountId: number,
    workflowId: string,
  ): Promise<readonly SealedSigningSecret[]> {
    return this.#parts.reads.read('listSigningSecrets', accountId, workflowId)
  }

  async changeDestination(
    accountId: number,
    origin: string,
    change: DestinationChange,
  ): Promise<DestinationSettings> {
    return this.#define('changeDestination', accountId, origin, change)
  }

  async createBulkJob(job: NewBulkJob): Promise<void> {
    return this.#define('createBulkJob', job)
  }

  async readBulkJob(accountId: number, id: string): Promise<BulkJob | undefined> {
    return this.#parts.reads.read('readBulkJob', accountId, id)
  }

  async listBulkJobs(
    accountId: number,
    state: BulkJob['state'] | null,
    limit: number,
    cursor: string | null,
  ): Promise<Page<BulkJob>> {
    return this.#parts.reads.read('listBulkJobs', accountId, state, limit, cursor)
  }

  async listOpenBulkJobs(): Promise<readonly BulkJob[]> {
    return this.#parts.reads.read('listOpenBulkJobs')
  }

  async noteBulkTotal(accountId: number, id: string, total: number): Promise<void> {
    return this.#define('noteBulkTotal', accountId, id, total)
  }

  async stepBulkJob(accountId: number, id: string, step: BulkStep): Promise<BulkJob | undefined> {
    return this.#define('stepBulkJob', accountId, id, step)
  }

  async cancelBulkJob(accountId: number, id: string): Promise<boolean> {
    return this.#define('cancelBulkJob', accountId, id)
  }

  async expireEvents(before: number, from: ExpiryPosition, count: number): Promise<Expired> {
    return this.#define('expireEvents', before, from, count)
  }

  async expireBulkJobs(before: number, count: number): Promise<number> {
    return this.#define('expireBulkJobs', before, count)
  }

  async redeliver(accountId: number, key: DeliveryKey): Promise<void> {
    return this.#define('redeliver', accountId, key)
  }

  async cancel(accountId: number, key: DeliveryKey): Promise<void> {
    return this.#define('cancel', accountId, key)
  }

  async findEndpoint(key: string): Promise<Endpoint | undefined> {
    return this.#parts.reads.read('findEndpoint', key)
  }

  async findVersion(
    accountId: number,
    workflowId: string,
    version: number,
  ): Promise<WorkflowVersion | undefined> {
    return this.#parts.reads.read('findVersion', accountId, workflowId, version)
  }

  async listTokens(accountId: number): Promise<readonly Token[]> {
    return this.#parts.reads.read('listTokens', accountId)
  }

  async findPrincipal(
    hash: string,
  ): Promise<(Principal & { readonly expiresAt: number | null }) | undefined> {
    const found = await this.#parts.reads.read('findPrincipal', hash)
    if (!found) return undefined
    const { lastUsedAt, ...principal } = found
    if (lastUsedAt === null || lastUsedAt < this.#clock.nowMs() - USE_NOTED_MS) {
      // Not awaited: a full disk must not lock out who comes to look. The next use tries again.
      this.#define('noteTokenUse', found.accountId, found.tokenId).catch(() => undefined)
    }
    return principal
  }

  readonly inspect: Inspect = {
    listWorkflows: async (...args) => this.#parts.reads.read('listWorkflows', ...args),
    workflow: async (...args) => this.#parts.reads.read('readWorkflow', ...args),
    listVersions: async (...args) => this.#parts.reads.read('listVersions', ...args),
    listEvents: async (...args) => this.#parts.reads.read('listEvents', ...args),
    countEvents: async (...args) => this.#parts.reads.read('countMatching', ...args),
    event: async (...args) => this.#parts.reads.read('readEvent', ...args),
    listDeliveries: async (...args) => this.#parts.reads.read('listDeliveries', ...args),
    deliveryStatus: async (...args) => this.#parts.reads.read('readDeliveryStatus', ...args),
    backlog: async () => this.#parts.reads.read('readBacklog'),
    listDestinations: async (...args) => this.#parts.reads.read('listDestinations', ...args),
    destination: async (...args) => this.#parts.reads.read('readDestination', ...args),
    stats: async (...args) => this.#parts.reads.read('readStats', ...args),
    activity: async (...args) => this.#parts.reads.read('listActivity', ...args),
  }

  get #parts(): Running {
    if (this.#running) return this.#running
    throw new AppError('store_unavailable', { reason: 'the store is not open' })
  }

  async #define<Result>(
    verb:
      | keyof typeof definitions
      | keyof typeof variables
      | keyof typeof bulkJobs
      | 'expireEvents'
      | keyof typeof signingSecrets
      | keyof typeof destinations,
    ...args: readonly unknown[]
  ): Promise<Result> {
    return this.#parts.hot.define(verb, this.#clock.nowMs(), ...args) as Promise<Result>
  }

  async #stop(): Promise<void> {
    if (!this.#running || this.#isOver) return
    const { writer, reader, hot, reads } = this.#running
    await hot.drain()
    this.#isOver = true
    reader.postMessage('stop')
    await once(reader, 'exit')
    writer.postMessage({ kind: 'stop' })
    await once(writer, 'exit')
    const closed = new AppError('store_unavailable', { reason: 'the store is closed' })
    hot.fail(closed)
    reads.fail(closed)
  }

  #died(worker: Worker, cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    const { writer, reader, hot, reads } = this.#running!
    const name = worker === writer ? 'writer' : 'reader'
    const reason = `the ${name} thread has ended`
    const error = new AppError('store_unavailable', { reason }, { cause })
    hot.fail(error)
    reads.fail(error)
    void writer.terminate()
    void reader.terminate()
    this.#options.onFatal?.(error)
  }
}

function thread(name: 'writer' | 'reader', data: object): Worker {
  return new Worker(new URL(`./${name}.ts`, import.meta.url), {
    name: `store-${name}`,
    workerData: data,
  })
}

function connectTo(writer: Worker): MessagePort {
  const { port1, port2 } = new MessageChannel()
  writer.postMessage({ kind: 'connect', port: port2 }, [port2])
  return port1
}
