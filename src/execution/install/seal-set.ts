/**
 * A set as it may be shown to user code: regular files and folders alone, within bounds, for everybody to
 * read and nobody to write. A link would lead out of the set, through every permission that names it.
 */
import { chmodSync, lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { limits } from '../../model/limits.ts'
import { PackageError } from './failure.ts'

type Size = { bytes: number; files: number }

const BOUNDS: Size = { bytes: limits.packageSetBytes, files: limits.packageSetFiles }
const MIB = 1024 * 1024

/** Throws PackageError. The folder itself stays writable, to be renamed. */
export function sealSet(folder: string, bounds: Size = BOUNDS): void {
  measureSet(folder, bounds)
  walk(folder, (path, isFolder) => {
    const stat = lstatSync(path)
    if (!isFolder && !stat.isFile()) {
      const place = relative(folder, path)
      throw new PackageError(packageOf(place), `it holds ${place}, which is no regular file`)
    }
    chmodSync(path, isFolder ? 0o555 : 0o444)
  })
}

/** Throws PackageError past the bounds. Files may come and go meanwhile. */
export function measureSet(folder: string, bounds: Size = BOUNDS): Size {
  const size = { bytes: 0, files: 0 }
  walk(folder, (path) => {
    size.files += 1
    size.bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size.files > bounds.files)
      throw new PackageError('', `there are over ${bounds.files} files in it and what it needs`)
    if (size.bytes > bounds.bytes)
      throw new PackageError('', `it takes over ${bounds.bytes / MIB} MiB with what it needs`)
  })
  return size
}

/** Everything within a folder, the contents of a folder before itself. */
function walk(folder: string, visit: (path: string, isFolder: boolean) => void): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) walk(path, visit)
    visit(path, entry.isDirectory())
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [] // It has just been renamed.
    throw error
  }
}

/** The innermost package that a place within a set belongs to. */
const packageOf = (place: string): string =>
  place
    .split('node_modules/')
    .at(-1)!
    .split('/')
    .slice(0, place.includes('/@') ? 2 : 1)
    .join('/')
