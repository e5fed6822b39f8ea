/**
 * Resolves packages and installs them as a set: a folder named by the hash of its lock. A set that is
 * there is never touched again: a new one is made aside, sealed, and appears whole by one rename.
 *
 * Nothing of a package is run: install scripts are off, and only the registry is a source. Without an
 * answer of the registry, what was downloaded before does, if it is enough.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Arborist } from '@npmcli/arborist'
import { limits } from '../../model/limits.ts'
import { isNoAnswer } from './failure.ts'
import type { InstallJob, Installed } from './job.ts'
import { measureSet, sealSet } from './seal-set.ts'

type Tell = (text: string) => void

/** The registry is asked twice, not for minutes: somebody waits for the save. */
const PATIENCE = {
  fetchRetries: 1,
  fetchRetryFactor: 1,
  fetchRetryMintimeout: 500,
  fetchRetryMaxtimeout: 2_000,
  timeout: 20_000,
}
const REFUSALS = {
  ignoreScripts: true,
  binLinks: false,
  audit: false,
  fund: false,
  allowGit: 'none',
  allowRemote: 'none',
  allowFile: 'none',
  allowDirectory: 'none',
}
const WATCH_MS = 500

export async function install(job: InstallJob, tell: Tell): Promise<Installed> {
  const stage = join(job.folder, '.staging', job.stage)
  await mkdir(stage, { recursive: true })
  try {
    return await installIn(stage, job, tell)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

async function installIn(stage: string, job: InstallJob, tell: Tell): Promise<Installed> {
  const manifest = { name: 'packages', private: true, dependencies: job.ranges }
  await writeFile(join(stage, 'package.json'), JSON.stringify(manifest))
  if (job.lock !== null) await writeFile(join(stage, 'package-lock.json'), job.lock)
  await emptyLargeCache(job)
  tell(`Resolving ${Object.keys(job.ranges).join(', ')}`)
  try {
    return await makeSet(stage, job, tell, {})
  } catch (error) {
    if (!isNoAnswer(error)) throw error
    tell('The registry does not answer, trying what was downloaded before')
    return await makeSet(stage, job, tell, { preferOffline: true }).catch((second: unknown) => {
      // That something was not there says less than why the registry is asked for it.
      throw isNoAnswer(second) ? error : second
    })
  }
}

async function makeSet(
  stage: string,
  job: InstallJob,
  tell: Tell,
  options: object,
): Promise<Installed> {
  const arborist = new Arborist({
    ...PATIENCE,
    ...job.npm,
    ...REFUSALS,
    ...options,
    path: stage,
    cache: join(job.folder, '.cache'),
    omitLockfileRegistryResolved: true,
    // As resolving asks for it: what that left in the cache then serves installing from a lock as well.
    fullMetadata: true,
  })
  const update = { names: job.renew }
  const tree = await arborist.buildIdealTree(job.renew.length > 0 ? { update } : {})
  const lock = tree.meta.toString()
  const hash = createHash('sha256').update(lock).digest('hex')
  const versions = Object.fromEntries(
    Object.keys(job.ranges).map((name) => [name, tree.children.get(name)?.version ?? '']),
  )
  const set = join(job.folder, hash)
  if (existsSync(set)) return { hash, lock, versions }
  const count = tree.inventory.size - 1
  tell(`Installing ${count} package${count === 1 ? '' : 's'}`)
  const tooLarge = watchSize(stage)
  await Promise.race([arborist.reify(), tooLarge.failed]).finally(tooLarge.stop)
  sealSet(stage)
  await putInPlace(stage, set)
  return { hash, lock, versions }
}

/** A bomb of a package fills no disk: the growing set is measured while it is written. */
function watchSize(stage: string): { readonly failed: Promise<never>; readonly stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setInterval(() => {
    try {
      measureSet(stage)
    } catch (error) {
      reject(error)
    }
  }, WATCH_MS)
  return { failed: promise, stop: () => clearInterval(timer) }
}

/** Another process may have made the same set meanwhile: then its set is as good. */
async function putInPlace(stage: string, set: string): Promise<void> {
  await rename(stage, set).catch((error: unknown) => {
    if (!existsSync(set)) throw error
  })
  await chmod(set, 0o555)
}

async function emptyLargeCache({ folder }: InstallJob): Promise<void> {
  const cache = join(folder, '.cache')
  if (!existsSync(cache)) return
  const { bytes } = measureSet(cache, { bytes: Infinity, files: Infinity })
  if (bytes > limits.packageCacheBytes) await rm(cache, { recursive: true, force: true })
}
