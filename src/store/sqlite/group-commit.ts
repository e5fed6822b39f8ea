/**
 * Group commit: runs the jobs that are waiting in one transaction, so that one fsync serves them all.
 *
 * A member that fails must not fail its neighbours. What callers can cause (`lease_lost`, say) throws
 * before the first write of its job and is answered alone. Any other failure rolls the group back and
 * runs its members one by one, each in a transaction of its own: slow, rare, and exact.
 */
import type { DatabaseSync } from 'node:sqlite'
import { AppError, assertNever } from '../../errors.ts'
import { prepareAdmit } from './admit.ts'
import { prepareAdoptDeliveries } from './adopt-deliveries.ts'
import { prepareAdoptEvents } from './adopt-events.ts'
import { prepareAppendLate } from './append-late.ts'
import { prepareGiveBack, prepareSyncDestinations } from './destinations.ts'
import { prepareFinish } from './finish.ts'
import { prepareSettle } from './settle.ts'
import { toWire } from './store-errors.ts'
import type { Answer, DefineJob, Job } from './wire.ts'

export type HotJob = Exclude<Job, DefineJob>

const BEAT = `
  insert into heartbeat (node_id, at) values (?, ?)
  on conflict (node_id) do update set at = excluded.at`

/** Answers one per job, in order, when what they changed is on stable storage. */
export function prepareGroupCommit(database: DatabaseSync, nodeId: string) {
  const run = prepareJobs(database, nodeId)

  function transaction<Result>(work: () => Result): Result {
    database.exec('begin immediate')
    try {
      const result = work()
      database.exec('commit')
      return result
    } catch (error) {
      // SQLite may have rolled back already, as it does when the disk is full.
      if (database.isTransaction) database.exec('rollback')
      throw error
    }
  }

  function answer(job: HotJob): Answer {
    try {
      return [job[1], null, run(job)]
    } catch (error) {
      if (error instanceof AppError) return [job[1], toWire(error), undefined]
      throw error
    }
  }

  function alone(job: HotJob): Answer {
    try {
      return transaction(() => answer(job))
    } catch (error) {
      return [job[1], toWire(error), undefined]
    }
  }

  return (jobs: readonly HotJob[]): Answer[] => {
    try {
      return transaction(() => jobs.map(answer))
    } catch {
      return jobs.map(alone)
    }
  }
}

function prepareJobs(database: DatabaseSync, nodeId: string): (job: HotJob) => unknown {
  const admit = prepareAdmit(database, nodeId)
  const finish = prepareFinish(database, nodeId)
  const settle = prepareSettle(database)
  const adoptEvents = prepareAdoptEvents(database, nodeId)
  const adoptDeliveries = prepareAdoptDeliveries(database, nodeId)
  const giveBack = prepareGiveBack(database)
  const syncDestinations = prepareSyncDestinations(database)
  const appendLate = prepareAppendLate(database)
  const beat = database.prepare(BEAT)

  return (job) => {
    switch (job[0]) {
      case 'admit':
        return admit(job[3], job[2])
      case 'finish':
        return finish(job[3], job[4], job[2])
      case 'settle':
        return settle(job[2])
      case 'adoptEvents':
        return adoptEvents(job[2])
      case 'adoptDeliveries':
        return adoptDeliveries(job[3], job[2])
      case 'giveBack':
        return giveBack(job[2])
      case 'syncDestinations':
        return syncDestinations()
      case 'appendLate':
        return appendLate(job[2])
      case 'check':
        beat.run(nodeId, job[2])
        return undefined
      default:
        return assertNever(job)
    }
  }
}
