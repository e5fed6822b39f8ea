/**
 * The writer thread: owns the lock on the folder and the only connection that writes. It opens,
 * migrates, recovers, then serves clients; told to stop, it commits what has arrived, folds the log
 * into the database and lets go of both files.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { DatabaseSync } from 'node:sqlite'
import * as bulkJobs from '../bulk-jobs.ts'
import * as definitions from '../definitions.ts'
import { expireEvents } from '../expire-events.ts'
import * as signingSecrets from '../signing-secrets.ts'
import { changeDestination } from '../destinations.ts'
import type { Recovered } from '../store.ts'
import * as variables from '../variables.ts'
import { CommitLoop } from './commit-loop.ts'
import { prepareGroupCommit } from './group-commit.ts'
import { migrate } from './migrate.ts'
import { corruptOr, databasePath, lockFolder, openWriter } from './open-database.ts'
import { recover } from './recover.ts'
import { kyselyOver } from './sqlite-kysely.ts'
import { toWire } from './store-errors.ts'
import type { Answer, DefineJob, WireError } from './wire.ts'

export type WriterData = { readonly folder: string; readonly nodeId: string; readonly at: number }
export type WriterCommand =
  | { readonly kind: 'connect'; readonly port: MessagePort }
  | { readonly kind: 'stop' }
export type WriterNotice =
  | { readonly kind: 'ready'; readonly recovered: Recovered }
  | { readonly kind: 'refused'; readonly error: WireError }

type Kysely = ReturnType<typeof kyselyOver>
type Definition = (db: Kysely, ...args: unknown[]) => Promise<unknown>
type Opened = { lock: DatabaseSync; database: DatabaseSync; kysely: Kysely; recovered: Recovered }

const verbs = {
  ...definitions,
  ...variables,
  ...bulkJobs,
  expireEvents,
  ...signingSecrets,
  changeDestination,
} as unknown as Readonly<Record<string, Definition>>
const data = workerData as WriterData
const notify = (notice: WriterNotice): void => parentPort!.postMessage(notice)

try {
  serve(await open(data))
} catch (error) {
  notify({ kind: 'refused', error: toWire(error) })
}

async function open({ folder, at }: WriterData): Promise<Opened> {
  const lock = lockFolder(folder)
  let database: DatabaseSync | undefined
  const path = databasePath(folder)
  try {
    database = openWriter(folder)
    const kysely = kyselyOver(database)
    await migrate({ database, kysely }, path)
    return { lock, database, kysely, recovered: recover(database, at) }
  } catch (error) {
    database?.close()
    lock.close()
    throw corruptOr(error, path)
  }
}

function serve(opened: Opened): void {
  const { lock, database, recovered } = opened
  const loop = new CommitLoop({
    commit: prepareGroupCommit(database, data.nodeId),
    define: (job) => define(opened, job),
  })
  parentPort!.on('message', (command: WriterCommand) => {
    if (command.kind === 'connect') loop.connect(command.port)
    else void stop()
  })
  notify({ kind: 'ready', recovered })

  async function stop(): Promise<void> {
    await loop.stop()
    database.exec('pragma wal_checkpoint(truncate)')
    database.close()
    lock.close()
    parentPort!.close()
  }
}

async function define(
  { database, kysely }: Opened,
  [, id, verb, args]: DefineJob,
): Promise<Answer> {
  try {
    database.exec('begin immediate')
    const value = await verbs[verb]!(kysely, ...(JSON.parse(args) as unknown[]))
    database.exec('commit')
    return [id, null, value]
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    return [id, toWire(error), undefined]
  }
}
