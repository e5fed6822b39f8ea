/**
 * Public test data that lies beside the repository and is not part of it. A test that needs it is
 * skipped by name where it is absent.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../shared/data/', import.meta.url)

/** The text of one of the files; the empty string where it is absent (see `without`). */
export function sharedData(path: string): string {
  const file = new URL(path, folder)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** The `skip` option of a test that needs the file. */
export function without(path: string): string | false {
  return existsSync(new URL(path, folder)) ? false : `no ${path} beside the repository`
}

/** The names of the files in one of the folders; none where it is absent. */
export function sharedFiles(path: string): readonly string[] {
  const directory = new URL(path, folder)
  return existsSync(directory) ? readdirSync(directory).toSorted() : []
}
