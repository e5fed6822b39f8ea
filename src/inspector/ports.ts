/**
 * What the inspector asks of its neighbours, as narrow as it gets. app.ts wires the other side: the
 * inspector imports neither ingest nor execution nor delivery.
 */
import type { Clock, IdSource } from '../clock.ts'
import type { DestinationActivity } from '../model/destination.ts'
import type { QueuedEvent } from '../model/event.ts'
import type { Environment } from '../model/variable.ts'
import type { Definition, PinnedPackages, SavedDefinition, Step } from '../model/workflow.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { RunResult } from '../runner/runner.ts'
import type { InstanceWire } from './wire-operations.ts'
import type { Inspect } from '../store/inspect.ts'
import type { DefinitionStore, Store } from '../store/store.ts'

/** A replay or a test: an event that a person made. Whoever takes it in decides who leases it. */
export type Submission = Omit<QueuedEvent, 'starts'>

export type Execution = {
  /** Stores an event and puts it on its way to a run. Resolves once it is on stable storage. */
  submit(event: Submission): Promise<void>
  /** Runs an event and tells how it ended. Nothing is stored and nothing is sent. */
  dryRun(event: Submission): Promise<RunResult>
}

/** The account's variables: written, listed by name, and masked wherever they would show. */
export type Variables = {
  list(accountId: number): Promise<readonly { readonly name: string; readonly updatedAt: number }[]>
  /** Rejects with `invalid_request`, and `conflict` when there are as many as may be. */
  set(accountId: number, name: string, value: string): Promise<void>
  /** False when there is none of the name. */
  remove(accountId: number, name: string): Promise<boolean>
  of(accountId: number): Promise<Pick<Environment, 'mask' | 'secrets'>>
}

/** What steps import from npm, installed before the version that needs it is stored. */
export type Packages = {
  /**
   * The packages of these steps, installed and pinned; null if there are none. `before` is what was saved
   * last: its pins stay wherever the ranges did. Throws `step_invalid`, `workflow_invalid`,
   * `package_unavailable` and `registry_unreachable`, and `overloaded` and `draining` as well.
   */
  prepare(
    steps: readonly Step[],
    before: Pick<SavedDefinition, 'steps' | 'packages'> | null,
    tell: (text: string) => void,
  ): Promise<PinnedPackages | null>
}

/** When a workflow's signing secret was made, and the one it replaced that still signs. */
export type SigningState = {
  readonly current: { readonly createdAt: number } | null
  readonly previous: { readonly createdAt: number; readonly lapsesAt: number } | null
}

/** The workflows' signing secrets: replaced, and told of without their values. */
export type Signing = {
  describe(accountId: number, workflowId: string): Promise<SigningState>
  /** The one answer with the secret in it. Rejects with `invalid_request`. */
  rotate(
    accountId: number,
    workflowId: string,
    wish?: string,
  ): Promise<SigningState & { readonly secret: string }>
  /** The one that was replaced signs no more. */
  endOverlap(accountId: number, workflowId: string): Promise<SigningState>
}

/** What goes on in delivery, and the hints it takes: each costs a poll interval if it is lost. */
export type Deliveries = {
  /** A delivery became due. */
  wake(): void
  /** Settings of destinations changed. Resolves when they are in force. */
  syncDestinations(): Promise<void>
  /** Ends what a lane waits for: a Retry-After, or its breaker. */
  lift(lane: string): void
  /** A person wants an answer: one retry goes, whatever the lane's breaker says. */
  probe(lane: string): void
  /** Makes a delivery that waits in memory pending in the store; false where it does not wait there. */
  withdraw(lane: string, deliveryId: string): Promise<boolean>
  /** Per lane; null where there has been nothing to do lately. */
  activity(lanes: readonly string[]): Promise<readonly (DestinationActivity | null)[]>
}

/** What the server says of itself. */
export type About = {
  readonly version: string
  readonly store: 'sqlite' | 'postgres'
  isolation(): { readonly level: 'process' | 'strict'; readonly because: string }
}

export type InspectorDeps = {
  readonly store: DefinitionStore & Pick<Store, 'check'> & { readonly inspect: Inspect }
  readonly notifier: Pick<Notifier, 'publish' | 'subscribe'>
  readonly clock: Clock
  readonly ids: IdSource
  readonly execution: Execution
  readonly variables: Variables
  readonly signing: Signing
  readonly about: About
  readonly deliveries: Deliveries
  /** `wake` says that there is a new bulk job; it never rejects. */
  readonly bulk: { wake(): Promise<void> }
  /** Reads a definition as sent, names filled in. Throws `workflow_invalid` and `step_invalid`. */
  readonly checkDefinition: (body: unknown) => Definition
  /** Throws `step_invalid` unless every step compiles. */
  readonly checkSteps: (steps: readonly Step[]) => void
  readonly packages: Packages
  readonly metrics?: { render(): Promise<{ readonly contentType: string; readonly body: string }> }
  /** Takes what the caller is not told: the cause of a 500. */
  readonly log: { error(message: string, fields: Readonly<Record<string, unknown>>): void }
}

export type InspectorOptions = {
  /** What the server was started with, to be shown. */
  readonly instance: InstanceWire
  /** A root token of the first account, or null. */
  readonly adminToken: string | null
  /** Where the world reaches this server, without a slash at the end; known once it listens. */
  readonly baseUrl: () => string
  readonly heartbeatMs?: number
  readonly liveStreams?: number
}
