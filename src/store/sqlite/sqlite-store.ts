/**
 * The embedded store: one SQLite database in one folder, for one process at a time. Each verb of the port
 * is one call of a thread: what commits goes to the writer, what only looks goes to the reader.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
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
import { StoreThreads } from './store-threads.ts'
import type { SqliteOptions } from './store-threads.ts'

/** How often the last use of a token or a session is noted, at most. */
const USE_NOTED_MS = 60_000

export class SqliteStore implements Store {
  readonly #clock: Clock
  readonly #threads: StoreThreads

  constructor(deps: { readonly clock: Clock }, options: SqliteOptions) {
    this.#clock = deps.clock
    this.#threads = new StoreThreads(deps, options)
  }

  get recovered(): Recovered {
    return this.#threads.recovered
  }

  /**
   * Opens, migrates and recovers. Fails with `store_locked`, `store_newer` or `store_corrupt`, and then
   * holds nothing open.
   */
  async start(): Promise<void> {
    return this.#threads.start()
  }

  async stop(): Promise<void> {
    return this.#threads.stop()
  }

  /** A port to the writer for another thread of this process; see `connectStore`. */
  connect(): MessagePort {
    return this.#threads.connect()
  }

  async check(): Promise<void> {
    return this.#threads.hot.check()
  }

  async admit(events: readonly NewEvent[]): Promise<readonly Admitted[]> {
    return this.#threads.hot.admit(events)
  }

  async finish(run: FinishedRun, deliveries: readonly NewDelivery[]): Promise<Finished> {
    return this.#threads.hot.finish(run, deliveries)
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    return this.#threads.hot.settle(settlements)
  }

  async adoptEvents(limits: AdoptEventLimits): Promise<readonly QueuedEvent[]> {
    return this.#threads.hot.adoptEvents(limits)
  }

  async adoptDeliveries(limits: AdoptLimits): Promise<readonly DeliveryTask[]> {
    return this.#threads.hot.adoptDeliveries(limits)
  }

  async giveBack(tasks: readonly DeliveryTask[]): Promise<void> {
    return this.#threads.hot.giveBack(tasks)
  }

  async syncDestinations(): Promise<readonly DestinationSettings[]> {
    return this.#threads.hot.syncDestinations()
  }

  async appendLate(
    accountId: number,
    eventId: string,
    step: string,
    entry: LogEntry,
  ): Promise<void> {
    return this.#threads.hot.appendLate(accountId, eventId, step, entry)
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
    return this.#threads.reads.read('listPackageSets')
  }

  async findPackageSet(hash: string): Promise<string | undefined> {
    return this.#threads.reads.read('findPackageSet', hash)
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
    const found = await this.#threads.reads.read('findSession', hash)
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
    return this.#threads.reads.read('listVariables', accountId)
  }

  async markSecretKey(proposed: string): Promise<string> {
    return this.#define('markSecretKey', proposed)
  }

  async readSecretKeyMark(): Promise<string | null> {
    return this.#threads.reads.read('readSecretKeyMark')
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
    return this.#threads.reads.read('listSigningSecrets', accountId, workflowId)
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
    return this.#threads.reads.read('readBulkJob', accountId, id)
  }

  async listBulkJobs(
    accountId: number,
    state: BulkJob['state'] | null,
    limit: number,
    cursor: string | null,
  ): Promise<Page<BulkJob>> {
    return this.#threads.reads.read('listBulkJobs', accountId, state, limit, cursor)
  }

  async listOpenBulkJobs(): Promise<readonly BulkJob[]> {
    return this.#threads.reads.read('listOpenBulkJobs')
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
    return this.#threads.reads.read('findEndpoint', key)
  }

  async findVersion(
    accountId: number,
    workflowId: string,
    version: number,
  ): Promise<WorkflowVersion | undefined> {
    return this.#threads.reads.read('findVersion', accountId, workflowId, version)
  }

  async listTokens(accountId: number): Promise<readonly Token[]> {
    return this.#threads.reads.read('listTokens', accountId)
  }

  async findPrincipal(
    hash: string,
  ): Promise<(Principal & { readonly expiresAt: number | null }) | undefined> {
    const found = await this.#threads.reads.read('findPrincipal', hash)
    if (!found) return undefined
    const { lastUsedAt, ...principal } = found
    if (lastUsedAt === null || lastUsedAt < this.#clock.nowMs() - USE_NOTED_MS) {
      // Not awaited: a full disk must not lock out who comes to look. The next use tries again.
      this.#define('noteTokenUse', found.accountId, found.tokenId).catch(() => undefined)
    }
    return principal
  }

  readonly inspect: Inspect = {
    listWorkflows: async (...args) => this.#threads.reads.read('listWorkflows', ...args),
    workflow: async (...args) => this.#threads.reads.read('readWorkflow', ...args),
    listVersions: async (...args) => this.#threads.reads.read('listVersions', ...args),
    listEvents: async (...args) => this.#threads.reads.read('listEvents', ...args),
    countEvents: async (...args) => this.#threads.reads.read('countMatching', ...args),
    event: async (...args) => this.#threads.reads.read('readEvent', ...args),
    receivedEvent: async (...args) => this.#threads.reads.read('readReceivedEvent', ...args),
    listDeliveries: async (...args) => this.#threads.reads.read('listDeliveries', ...args),
    delivery: async (...args) => this.#threads.reads.read('readDelivery', ...args),
    deliveryStatus: async (...args) => this.#threads.reads.read('readDeliveryStatus', ...args),
    backlog: async () => this.#threads.reads.read('readBacklog'),
    listDestinations: async (...args) => this.#threads.reads.read('listDestinations', ...args),
    destination: async (...args) => this.#threads.reads.read('readDestination', ...args),
    stats: async (...args) => this.#threads.reads.read('readStats', ...args),
    activity: async (...args) => this.#threads.reads.read('listActivity', ...args),
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
    return this.#threads.hot.define(verb, this.#clock.nowMs(), ...args) as Promise<Result>
  }
}
