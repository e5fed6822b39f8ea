/**
 * An event becomes a finished run. This is the heart: load the version, run its steps in isolation,
 * commit the outcome together with everything the steps handed to `$send.http`, hand the deliveries
 * over. Nothing of a run exists for anybody before that one commit, so a process killed anywhere in
 * here leaves the event queued, and running it again yields the same delivery ids.
 *
 * Invariant: every `reserve` of a lane is answered by `offer` or `release`.
 * Not here: how user code is isolated (runner/), how a delivery reaches its destination (delivery/).
 */
import type { Clock } from '../clock.ts'
import type { HandOver } from '../hand-over.ts'
import { AppError } from '../errors.ts'
import { originOf } from '../model/delivery.ts'
import type { DeliveryTask, NewDelivery, Send } from '../model/delivery.ts'
import type { QueuedEvent } from '../model/event.ts'
import { deliveryId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { NO_MASKS } from '../model/redact-values.ts'
import type { Masks } from '../model/redact-values.ts'
import type { TriggerResponse } from '../model/respond.ts'
import type { Environment } from '../model/variable.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { Runner, RunResult } from '../runner/runner.ts'
import type { Store } from '../store/store.ts'
import { answerOf } from './answers.ts'
import type { Answers } from './answers.ts'
import { jobOf } from './job.ts'
import { maskResult } from './mask-result.ts'
import {
  completeSends,
  outcomeOfMisfit,
  outcomeOfPoison,
  withAnswer,
  withholdSends,
  withNotes,
} from './outcome.ts'
import { persist } from './persist.ts'
import type { LoadedVersion, Versions } from './versions.ts'

export type ExecuteDeps = {
  readonly store: Pick<Store, 'finish'>
  readonly runner: Pick<Runner, 'run'>
  readonly handOver: HandOver
  readonly notifier: Pick<Notifier, 'publish'>
  readonly versions: Versions
  /** Requests that wait for what their run responds. */
  readonly answers: Pick<Answers, 'give' | 'isExpected'>
  /** The account's variables, and the mask for whatever shows them. */
  readonly variables: { of(accountId: number): Promise<Environment> }
  /** Seals a send that holds secrets; undefined where it holds none. */
  readonly requests: {
    seal(
      accountId: number,
      deliveryId: string,
      send: Send,
      masks: Masks,
    ): Pick<NewDelivery, 'send' | 'sealed'> | undefined
  }
  readonly clock: Clock
}

/**
 * Runs one leased event to its end. Resolves when the run is durable and its deliveries are on their
 * way, with the status it ended in, or undefined when another node had finished it.
 * Waits, rather than fails, while the store or the runner cannot take more; `signal` gives up.
 */
export async function execute(
  deps: ExecuteDeps,
  event: QueuedEvent,
  signal: AbortSignal,
): Promise<RunResult | undefined> {
  const loaded = await persist(() => deps.versions.load(event), signal)
  const { result, masks } = await runSteps(deps, event, loaded, signal)
  const kept = loaded.settings.deliverOnError ? result : withholdSends(result)
  const complete = completeSends(kept, loaded.settings)
  const final = withAnswer(complete, loaded, event, deps.answers.isExpected(event.id))
  const tasks = await commit(deps, event, loaded, { result: final, masks }, signal)
  if (!tasks) return undefined
  deps.handOver.offer(tasks)
  deps.answers.give(event.id, answerOf(final))
  const { accountId, workflowId, id: eventId } = event
  deps.notifier.publish({ kind: 'run', accountId, workflowId, eventId })
  return final
}

/** A result, and what masks the values that its sends were given. */
type Ran = { readonly result: RunResult; readonly masks: Masks }

/** Runs the steps in isolation; every way they can end is a result. */
export async function runSteps(
  deps: Pick<ExecuteDeps, 'runner' | 'clock' | 'variables' | 'answers'>,
  event: QueuedEvent,
  loaded: LoadedVersion,
  signal: AbortSignal,
): Promise<Ran> {
  const nowMs = deps.clock.nowMs()
  if (loaded.kind === 'misfit') return unmasked(outcomeOfMisfit(loaded, nowMs))
  if (event.starts >= limits.runStarts) return unmasked(outcomeOfPoison(loaded, event, nowMs))
  const environment = await environmentOf(deps, event, signal)
  if ('because' in environment) {
    return unmasked(outcomeOfMisfit({ ...loaded, ...environment }, nowMs))
  }
  const { values, masks } = environment
  const onRespond = (response: TriggerResponse): void =>
    deps.answers.give(event.id, { kind: 'response', response })
  const job = jobOf(event, loaded, values, onRespond)
  const result = await persist(() => deps.runner.run(job), signal)
  return { result: maskResult(withNotes(loaded.steps, result), masks.text), masks }
}

/** Waiting for a variable that does not open would be in vain: the run says so, and can be replayed. */
async function environmentOf(
  { variables }: Pick<ExecuteDeps, 'variables'>,
  { accountId }: QueuedEvent,
  signal: AbortSignal,
): Promise<Environment | { readonly because: string }> {
  try {
    return await persist(() => variables.of(accountId), signal)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'variable_unreadable')) throw error
    return { because: error.message }
  }
}

const unmasked = (result: RunResult): Ran => ({ result, masks: NO_MASKS })

/** One transaction: the run and its sends. Undefined when the run had been finished before. */
async function commit(
  deps: ExecuteDeps,
  event: QueuedEvent,
  loaded: LoadedVersion,
  { result, masks }: Ran,
  signal: AbortSignal,
): Promise<readonly DeliveryTask[] | undefined> {
  const { accountId } = event
  const hidden = result.sends.map((send) => {
    const id = deliveryId(event.id, send.step, send.index)
    return deps.requests.seal(accountId, id, send, masks) ?? { send, sealed: null }
  })
  const origins = result.sends.map((send) => originOf(send.url))
  const places = deps.handOver.reserve(accountId, origins)
  const reserved = origins.filter((_, i) => places[i])
  const run = {
    accountId,
    eventId: event.id,
    workflowId: event.workflowId,
    version: event.version,
    resendInterrupted: loaded.settings.resendInterrupted,
    hops: hopsOf(event),
    outcome: result.outcome,
  }
  const deliveries = hidden.map(({ send, sealed }, i): NewDelivery => {
    return { send, sealed, origin: origins[i]!, leased: places[i]! }
  })
  try {
    const { created } = await persist(() => deps.store.finish(run, deliveries), signal)
    if (created) {
      const dueAt = deps.clock.nowMs()
      // What goes out now does so from memory, as it was made.
      return result.sends
        .map((send, i) => taskOf(event, run.hops, send, origins[i]!, dueAt))
        .filter((_, i) => places[i])
    }
  } catch (error) {
    deps.handOver.release(accountId, reserved)
    if (error instanceof AppError && error.code === 'lease_lost') return undefined
    throw error
  }
  deps.handOver.release(accountId, reserved)
  return undefined
}

function taskOf(
  event: QueuedEvent,
  hops: number,
  send: Send,
  origin: string,
  dueAt: number,
): DeliveryTask {
  const { accountId, id: eventId, workflowId } = event
  const id = deliveryId(eventId, send.step, send.index)
  const sealed = null
  return { accountId, id, eventId, workflowId, origin, send, sealed, attempt: 1, dueAt, hops }
}

/** How often the event passed through Sendoff before: what the loop guard counts. */
function hopsOf(event: QueuedEvent): number {
  const header = event.request.headers.find(([name]) => name.toLowerCase() === 'sendoff-hops')
  const hops = Number(header?.[1] ?? 0)
  return Number.isInteger(hops) && hops >= 0 ? Math.min(hops, 1_000) : 0
}
