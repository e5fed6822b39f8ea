/**
 * The store's port: durable truth, and the only place where it lives. SQLite and PostgreSQL implement
 * it and pass one conformance suite (test/store/conformance.ts).
 *
 * Three facts per event, each one commit: *event accepted* (`admit`), *run finished with its sends*
 * (`finish`), *delivery settled with its attempt* (`settle`). Everything else can be rebuilt from them.
 *
 * Born leased: an event belongs to the node that accepted it, and a run's deliveries to the node that
 * ran it; the insert carries the lease, so the happy path never reads back or claims. `adopt*` only
 * takes what is left over: due retries, overflow, and the work of a node that is gone.
 *
 * Invariant: a promise returned by a writing verb resolves after the change is on stable storage.
 * Invariant: when the store cannot write, verbs reject with `store_unavailable`; nothing half-written stays.
 */
import type { Principal, Session, Token } from '../model/account.ts'
import type { DestinationChange, DestinationSettings } from '../model/destination.ts'
import type { BulkJob, BulkStep, NewBulkJob } from '../model/bulk.ts'
import type { DeliveryKey } from '../model/ids.ts'
import type { DeliveryTask, NewDelivery, Settlement } from '../model/delivery.ts'
import type { NewEvent, QueuedEvent } from '../model/event.ts'
import type { LogEntry, RunOutcome } from '../model/run.ts'
import type { SealedSigningSecret } from '../model/signing.ts'
import type { SealedVariable } from '../model/variable.ts'
import type { Definition, Endpoint, Workflow, WorkflowVersion } from '../model/workflow.ts'
import type { Service } from '../service.ts'
import type { Inspect, Page } from './inspect.ts'

export type Admitted =
  | { readonly kind: 'created'; readonly id: string }
  /** The same key and body within 24 h: the event that was stored then. */
  | { readonly kind: 'repeated'; readonly id: string }
  /** The same key with another body: nothing was stored. */
  | { readonly kind: 'mismatch'; readonly key: string }

/** A run as it ends. `event` names what it ran on; the ids of run and deliveries derive from it. */
export type FinishedRun = {
  readonly accountId: number
  readonly eventId: string
  readonly workflowId: string
  readonly version: number
  readonly resendInterrupted: boolean
  readonly hops: number
  readonly outcome: RunOutcome
}

export type Finished = {
  /** False when this run had been finished before: then nothing was changed and nothing may be sent. */
  readonly created: boolean
}

export type AdoptLimits = {
  readonly count: number
  /** Lanes (`laneKey`) that are full: their deliveries stay where they are. */
  readonly exceptLanes: readonly string[]
  /** At most so many of one lane. */
  readonly perLane: number
  /** Lanes that take fewer than that, and how many. */
  readonly rooms?: Readonly<Record<string, number>>
  /** Lanes that take fewer retries, and how many. */
  readonly retries?: Readonly<Record<string, number>>
}

/** As `AdoptLimits`, for events: a workflow's backlog never fills the memory of the others. */
export type AdoptEventLimits = {
  readonly count: number
  readonly exceptWorkflows: readonly string[]
  readonly perWorkflow: number
}

/** What recovery found when a node came up. */
export type Recovered = {
  readonly events: number
  /** Attempts cut by the crash, now on record as `interrupted`. */
  readonly interrupted: number
  /** Of those, how many will not be sent again because their workflow says so. */
  readonly held: number
}

/** Writes of the path of an event: hand-written statements, batched by the adapter. */
export interface HotStore {
  /** Stores events, all in one commit, in order; idempotency is decided here. One answer per event. */
  admit(events: readonly NewEvent[]): Promise<readonly Admitted[]>

  /**
   * Ends a run: its outcome, its deliveries and the event's Dest become visible together or not at all.
   * Idempotent: delivery ids derive from (run, step, call), so a second call changes nothing.
   * Fails with `lease_lost` when another node took the run over.
   */
  finish(run: FinishedRun, deliveries: readonly NewDelivery[]): Promise<Finished>

  /**
   * Records attempts and what became of their deliveries, all in one commit. Idempotent by (delivery,
   * attempt number). A settlement of a delivery that was canceled meanwhile keeps the attempt on record.
   */
  settle(settlements: readonly Settlement[]): Promise<void>

  /** Takes events that no live node has leased, oldest first within each workflow, and counts the start. */
  adoptEvents(limits: AdoptEventLimits): Promise<readonly QueuedEvent[]>

  /**
   * Takes deliveries that are due and leased by no live node, first attempts before retries, oldest
   * first, and commits their next attempt as begun. Those of a paused destination stay.
   */
  adoptDeliveries(limits: AdoptLimits): Promise<readonly DeliveryTask[]>

  /**
   * Takes back deliveries whose attempt was committed as begun and is not made: pending again, due when
   * they were, the attempt not counted. Idempotent; what was settled meanwhile stays as it is.
   */
  giveBack(tasks: readonly DeliveryTask[]): Promise<void>

  /**
   * Tells the settings of every destination that has any, and brings deliveries in line with them, a
   * bounded number per call: those pending for a paused one become `held`, those held for one that was
   * resumed become pending, due when they were.
   */
  syncDestinations(): Promise<readonly DestinationSettings[]>

  /** Appends what user code did after its run had ended (a late `$send.http`, a late throw) to the run. */
  appendLate(accountId: number, eventId: string, step: string, entry: LogEntry): Promise<void>
}

/** Rare writes and small reads: definitions, tokens, a person's decisions. */
export interface DefinitionStore {
  createWorkflow(
    accountId: number,
    id: string,
    key: string,
    definition: Definition,
  ): Promise<Workflow>
  /**
   * Saves; makes a new version only if something changed. `not_found` when it is not there, and
   * `version_conflict` when its version is another than the expected one; null expects nothing.
   */
  updateWorkflow(
    accountId: number,
    id: string,
    definition: Definition,
    expectedVersion?: number | null,
  ): Promise<Workflow>
  setWorkflowActive(accountId: number, id: string, active: boolean): Promise<Workflow>
  /** Its endpoint stops at once; its events stay until retention takes them. */
  deleteWorkflow(accountId: number, id: string): Promise<void>
  findEndpoint(key: string): Promise<Endpoint | undefined>
  findVersion(
    accountId: number,
    workflowId: string,
    version: number,
  ): Promise<WorkflowVersion | undefined>

  /** Keeps the lock of a package set under its hash. Once more changes nothing but its age. */
  keepPackageSet(hash: string, lock: string): Promise<void>
  findPackageSet(hash: string): Promise<string | undefined>
  /**
   * Forgets the sets that were last kept before `before` and that no version names which can still run:
   * one whose workflow is there, or has events in the queue. Tells the others.
   */
  dropPackageSets(before: number): Promise<readonly string[]>

  /** `hash` is the SHA-256 of the whole token, hex. */
  createToken(token: Token, hash: string): Promise<void>
  findPrincipal(
    hash: string,
  ): Promise<(Principal & { readonly expiresAt: number | null }) | undefined>
  listTokens(accountId: number): Promise<readonly Token[]>
  deleteToken(accountId: number, id: string): Promise<boolean>

  /** `hash` is the SHA-256 of the cookie's value, hex. Sessions that are over go on this occasion. */
  createSession(session: Session, hash: string): Promise<void>
  /** Also notes, now and then, that the session is in use. */
  findSession(hash: string): Promise<Session | undefined>
  deleteSession(hash: string): Promise<void>

  /** Sets a variable; the value it replaces is retired. `conflict` when there are as many as may be. */
  putVariable(accountId: number, name: string, sealed: string): Promise<void>
  /** Retires a variable; false when there is none of the name. */
  deleteVariable(accountId: number, name: string): Promise<boolean>
  /** By name; retired ones behind them, newest first, as many as are kept. */
  listVariables(accountId: number): Promise<readonly SealedVariable[]>
  /** Keeps `proposed` as the mark of the secret key unless one is kept; resolves to the one that is. */
  markSecretKey(proposed: string): Promise<string>
  readSecretKeyMark(): Promise<string | null>

  /** Gives a workflow its first signing secret; one that has a secret keeps it. */
  keepSigningSecret(accountId: number, workflowId: string, sealed: string): Promise<void>
  /** Replaces the secret. The one before it lapses at `lapsesAt`; those before that go at once. */
  rotateSigningSecret(
    accountId: number,
    workflowId: string,
    sealed: string,
    lapsesAt: number,
  ): Promise<void>
  /** The one that was replaced goes at once; the current one stays. */
  dropReplacedSigningSecret(accountId: number, workflowId: string): Promise<void>
  /** The current one, then the one it replaced, lapsed or not. */
  listSigningSecrets(accountId: number, workflowId: string): Promise<readonly SealedSigningSecret[]>

  /**
   * Pauses, resumes or caps a destination. A pause takes effect with its commit: nothing more is adopted.
   * `not_found` when no delivery ever went there.
   */
  changeDestination(
    accountId: number,
    origin: string,
    change: DestinationChange,
  ): Promise<DestinationSettings>

  /**
   * Begins a job in bulk. `conflict` when as many run as may. Of the account's jobs that have ended, the
   * latest `limits.bulkJobsKept` stay.
   */
  createBulkJob(job: NewBulkJob): Promise<void>
  readBulkJob(accountId: number, id: string): Promise<BulkJob | undefined>
  /** Those of an account, newest first; of one state alone, where it is named. */
  listBulkJobs(
    accountId: number,
    state: BulkJob['state'] | null,
    limit: number,
    cursor: string | null,
  ): Promise<Page<BulkJob>>
  /** Those of all accounts that have not ended, oldest first. */
  listOpenBulkJobs(): Promise<readonly BulkJob[]>
  /** Notes how many items there are; the last step sets it right. */
  noteBulkTotal(accountId: number, id: string, total: number): Promise<void>
  /**
   * Does the items of a step and moves the job past them, in one commit. Void, as a second call is, when
   * the job has ended or does not stand where the step begins. Resolves to the job as it is then.
   */
  stepBulkJob(accountId: number, id: string, step: BulkStep): Promise<BulkJob | undefined>
  /** False when it is not there; one that has ended stays as it ended. */
  cancelBulkJob(accountId: number, id: string): Promise<boolean>

  /**
   * Makes one more attempt due now. `conflict` while one is under way, and while its destination is
   * paused; `not_found` when it is not there.
   */
  redeliver(accountId: number, key: DeliveryKey): Promise<void>
  /** Ends a delivery that is pending or held. `conflict` when an attempt is under way or it has ended. */
  cancel(accountId: number, key: DeliveryKey): Promise<void>
}

/** How far a round of deleting what is old has come; it begins at account 0. */
export type ExpiryPosition = { readonly accountId: number; readonly id: string }

export type Expired = {
  readonly deleted: number
  /** Where to go on; null when all were looked at. */
  readonly next: ExpiryPosition | null
}

export interface Store extends HotStore, DefinitionStore, Service {
  /** The read models of the Inspector; they never wait behind writes. */
  readonly inspect: Inspect
  /** What the last `start` had to repair. */
  readonly recovered: Recovered
  /**
   * Deletes events that came in before `before`, looking at up to `count` from `from` on, and none that waits
   * for its run or has a delivery on its way or held. One commit takes a bounded number of rows: what is left
   * of an event with more than that goes with the next call.
   */
  expireEvents(before: number, from: ExpiryPosition, count: number): Promise<Expired>
  /** Deletes up to `count` bulk jobs that ended before `before`. Resolves to how many there were. */
  expireBulkJobs(before: number, count: number): Promise<number>
  /** Rejects with `store_unavailable` unless a durable write works right now. */
  check(): Promise<void>
}
