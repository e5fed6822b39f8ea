/** The folder of data, made where it is missing; for its owner alone. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { AppError } from '../../errors.ts'

/** Fails with `data_unusable` where no folder can be. One that somebody else makes meanwhile is as good. */
export function makeFolder(folder: string): void {
  const path = resolve(folder)
  try {
    make(path)
  } catch (cause) {
    throw new AppError('data_unusable', { path, reason: (cause as Error).message }, { cause })
  }
}

/**
 * One folder after the other, and not with `recursive`: that never ends where the system says "no such
 * file" of a folder whose parent is there, as Linux does for /proc.
 */
function make(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return
  if (found) throw new Error('it is no folder')
  if (dirname(path) !== path) make(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
