/**
 * A workflow: a trigger and an ordered list of steps. Every save that changes name, steps or settings
 * is a new integer version; an event runs on the version that was current when it was accepted.
 */
import type { SigningSetting } from './signing.ts'

export type RetryPolicy =
  | boolean
  | { readonly attempts?: number; readonly schedule?: readonly number[] }

export type CodeStep = { readonly type: 'code'; readonly name: string; readonly code: string }

/** The webhook Action. `payload` is an expression; in the other texts `{{expression}}` is replaced. */
export type WebhookStep = {
  readonly type: 'webhook'
  readonly name: string
  readonly url: string
  readonly payload?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, string>>
  readonly auth?: { readonly username: string; readonly password: string }
  readonly retry?: RetryPolicy
}

export type NoteStep = { readonly type: 'note'; readonly name: string; readonly text: string }

/** A step as stored: its name is always filled in and unique within the workflow. */
export type Step = CodeStep | WebhookStep | NoteStep

/** What a sender must prove: that it knows the account's variable of that name, or has signed with it. */
export type TriggerAuth = { readonly type: 'bearer' | 'signature'; readonly variable: string }

export type WorkflowSettings = {
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly rate: { readonly perSecond: number; readonly burst: number }
  readonly deliverOnError: boolean
  readonly resendInterrupted: boolean
  readonly retry: RetryPolicy | null
  /** Every request of its runs is signed; null leaves it to each send. */
  readonly signing: SigningSetting | null
  readonly response: 'default' | 'custom'
  readonly isolation: 'warm' | 'run'
  readonly triggerAuth: TriggerAuth | null
}

/** What the steps import from npm, as it was resolved when they were saved. */
export type PinnedPackages = {
  /** Names the lock: every package with its exact version and checksum. */
  readonly hash: string
  /** The packages that steps name themselves, with their exact versions. */
  readonly versions: Readonly<Record<string, string>>
}

export type Definition = {
  readonly name: string
  readonly steps: readonly Step[]
  readonly settings: WorkflowSettings
  /** Left out or null where the steps import no packages. */
  readonly packages?: PinnedPackages | null
}

/** A definition as it was saved. */
export type SavedDefinition = Definition & { readonly packages: PinnedPackages | null }

export type Workflow = SavedDefinition & {
  readonly accountId: number
  readonly id: string
  /** The unguessable part of the endpoint's address: 128 random bits, also a DNS label. */
  readonly key: string
  readonly version: number
  readonly active: boolean
  readonly suspended: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

export type WorkflowVersion = SavedDefinition & {
  readonly workflowId: string
  readonly version: number
  readonly createdAt: number
}

/** What ingest needs to know of a trigger endpoint. */
export type Endpoint = {
  readonly accountId: number
  readonly workflowId: string
  readonly version: number
  readonly active: boolean
  /** The workflow or its account is suspended. */
  readonly suspended: boolean
  readonly settings: WorkflowSettings
}
