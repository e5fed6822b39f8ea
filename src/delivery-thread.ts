/**
 * The delivery thread's composition root: its own egress guard, its own line to the store's writer and
 * the dispatcher between them. Speaks with `delivery/thread.ts` on the main thread.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from './clock.ts'
import { AccountMasks } from './delivery/account-masks.ts'
import { Dispatcher } from './delivery/dispatcher.ts'
import { createProtect } from './delivery/protect.ts'
import { SigningKeyCache } from './delivery/signing-keys.ts'
import { warmUp } from './delivery/warm-up.ts'
import type {
  FromThread,
  Given,
  OpenedRequest,
  Progress,
  Question,
  Reply,
  ThreadStart,
  ToThread,
  Wanted,
} from './delivery/thread.ts'
import { createEgress } from './egress/connector.ts'
import { refuseGlobalFetch } from './egress/refuse-global-fetch.ts'
import type { DeliveryTask } from './model/delivery.ts'
import { deliveryId } from './model/ids.ts'
import type { SigningKeys } from './model/signing.ts'
import { connectStore } from './store/sqlite/hot-client.ts'

refuseGlobalFetch()
const main = parentPort!
const start = workerData as ThreadStart
let { identity } = start
let progress: Progress | undefined

const report = (message: FromThread): void => main.postMessage(message)

/** What the main thread is told at the end of this turn of the event loop. */
function toTell(): Progress {
  if (progress) return progress
  setImmediate(() => {
    report({ kind: 'progress', ...progress! })
    progress = undefined
  })
  return (progress = { places: [], capacities: [], hints: [], attempts: [] })
}

const asked = new Map<number, PromiseWithResolvers<unknown>>()
let questions = 0

/** Asks the main thread for what only it can open. */
function want(wanted: Wanted): Promise<unknown> {
  const question = Promise.withResolvers<unknown>()
  const id = ++questions
  asked.set(id, question)
  report({ kind: 'wanted', id, wanted })
  return question.promise
}

function hear(id: number, answer: Given): void {
  const question = asked.get(id)
  asked.delete(id)
  if ('value' in answer) question?.resolve(answer.value)
  else question?.reject(new Error(answer.error))
}

async function unseal(task: DeliveryTask): Promise<DeliveryTask> {
  const { accountId, id, send, sealed } = task
  const wanted = { about: 'request', accountId, deliveryId: id, sealed: sealed! } as const
  const opened = (await want(wanted)) as OpenedRequest
  return { ...task, send: { ...send, ...opened }, sealed: null }
}

const signingKeys = new SigningKeyCache({
  clock: systemClock,
  ask: (accountId, workflowId) =>
    want({ about: 'keys', accountId, workflowId }) as Promise<SigningKeys>,
})
const masks = new AccountMasks({
  clock: systemClock,
  ask: (accountId) => want({ about: 'secrets', accountId }) as Promise<readonly string[]>,
})

const dispatcher = new Dispatcher({
  clock: systemClock,
  store: connectStore(start.store),
  egress: createEgress({ clock: systemClock }, { allow: start.allow, self: () => identity.self }),
  userAgent: () => identity.userAgent,
  signingKeys: (accountId, workflowId) => signingKeys.of(accountId, workflowId),
  protect: createProtect(masks),
  unseal,
  notify: (hint) => toTell().hints.push(hint),
  onPlaces: (...change) => toTell().places.push(change),
  onCapacity: (...change) => toTell().capacities.push(change),
  metrics: { attemptEnded: (...ended) => toTell().attempts.push(ended) },
  onFailure: ({ eventId, step, index }, error) => {
    const refused = { deliveryId: deliveryId(eventId, step, index), reason: String(error) }
    report({ kind: 'refused', refused })
  },
  onFault: (doing, error) => report({ kind: 'fault', doing, reason: String(error) }),
})

main.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'offer':
      return dispatcher.take(message.tasks)
    case 'overflow':
      return dispatcher.expectMore(message.lanes)
    case 'wake':
      return dispatcher.wake()
    case 'lift':
      return dispatcher.lift(message.lane)
    case 'probe':
      return dispatcher.probe(message.lane)
    case 'ask':
      void answer(message).then((reply) => report({ kind: 'answer', id: message.id, reply }))
      return
    case 'identify':
      identity = message.identity
      return
    case 'given':
      return hear(message.id, message.answer)
    case 'rotated':
      return signingKeys.forget(message.workflowId)
    case 'changed':
      return masks.forget(message.accountId)
    case 'stop':
      void dispatcher.stop().then(() => process.exit(0))
  }
})

async function answer(question: Question): Promise<Reply> {
  if (question.about === 'activity') return dispatcher.activity(question.lanes)
  if (question.about === 'withdraw') return dispatcher.withdraw(question.lane, question.deliveryId)
  // It is on record by now: while the store is away the next poll reads it.
  await dispatcher.syncDestinations().catch(() => undefined)
  await nextTurn() // capacities that changed are told at the end of this one
  return null
}

await warmUp(systemClock)
await dispatcher.start()
report({ kind: 'started' })
