/**
 * The reader thread: one connection that cannot write, for everything that is only looked at. In WAL
 * mode it sees each commit that has been acknowledged and delays none.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../clock.ts'
import { listDestinations, readDestination } from '../destinations.ts'
import { listBulkJobs, listOpenBulkJobs, readBulkJob } from '../bulk-jobs.ts'
import * as readDefinitions from '../read-definitions.ts'
import { listVersions, listWorkflows } from '../read-definitions.ts'
import { readDelivery, readDeliveryStatus } from '../read-delivery.ts'
import { readBacklog, readEvent, readReceivedEvent } from '../read-event.ts'
import { listActivity } from '../read-activity.ts'
import { listDeliveries } from '../read-deliveries.ts'
import { countMatching, listEvents } from '../read-events.ts'
import { listSigningSecrets } from '../signing-secrets.ts'
import { readStats } from '../read-stats.ts'
import { listVariables, readSecretKeyMark } from '../variables.ts'
import { openReader } from './open-database.ts'
import { kyselyOver } from './sqlite-kysely.ts'
import { toWire } from './store-errors.ts'
import type { Answer } from './wire.ts'

export type ReaderData = { readonly folder: string }

const database = openReader((workerData as ReaderData).folder)
const db = kyselyOver(database)

const reads = {
  ...readDefinitions,
  // What is made meanwhile would push the last row off its page.
  listWorkflows: inSnapshot(listWorkflows),
  listVersions: inSnapshot(listVersions),
  listBulkJobs,
  listOpenBulkJobs,
  readBulkJob,
  listDestinations,
  readDestination,
  listVariables,
  listSigningSecrets,
  readSecretKeyMark,
  // A run, its deliveries and its Dest are seen together.
  readEvent: inSnapshot(readEvent),
  readReceivedEvent,
  readDelivery: inSnapshot(readDelivery),
  readDeliveryStatus,
  readBacklog,
  listEvents: (_: typeof db, ...args: Rest<typeof listEvents>) =>
    listEvents({ db, clock: systemClock }, ...args),
  countMatching: (_: typeof db, ...args: Rest<typeof countMatching>) =>
    countMatching({ db, clock: systemClock }, ...args),
  readStats,
  listActivity: (_: typeof db, ...args: Rest<typeof listActivity>) =>
    listActivity({ db, clock: systemClock }, ...args),
  listDeliveries: (_: typeof db, ...args: Rest<typeof listDeliveries>) =>
    listDeliveries({ db, clock: systemClock }, ...args),
}

/** Several statements that see the same commit. */
function inSnapshot<Args extends unknown[], Result>(
  read: (snapshot: typeof db, ...args: Args) => Promise<Result>,
) {
  return (_: typeof db, ...args: Args): Promise<Result> =>
    db.transaction().execute((snapshot) => read(snapshot, ...args))
}

type Rest<Read extends (...args: never) => unknown> =
  Parameters<Read> extends [unknown, ...infer Args] ? Args : never

/** What the main thread may ask for: the verb, its arguments, its answer. */
export type Reads = {
  [Verb in keyof typeof reads]: {
    args: Rest<(typeof reads)[Verb]>
    result: Awaited<ReturnType<(typeof reads)[Verb]>>
  }
}
export type ReadRequest = readonly [id: number, verb: keyof Reads, args: readonly unknown[]]

parentPort!.on('message', (request: ReadRequest | 'stop') => {
  if (request === 'stop') {
    database.close()
    parentPort!.close()
  } else void answer(request)
})
parentPort!.postMessage('ready')

async function answer([id, verb, args]: ReadRequest): Promise<void> {
  parentPort!.postMessage(await read(id, verb, args))
}

async function read(id: number, verb: keyof Reads, args: readonly unknown[]): Promise<Answer> {
  try {
    const run = reads[verb] as (db: unknown, ...args: readonly unknown[]) => Promise<unknown>
    return [id, null, await run(db, ...args)]
  } catch (error) {
    return [id, toWire(error), undefined]
  }
}
