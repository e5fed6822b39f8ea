/**
 * Why packages could not be installed, in words for whoever saves: which package, and what to do. The
 * words are ours: npm's own messages name addresses and files of this machine.
 */
import type { InstallFailure } from './job.ts'

/** Something is wrong with a package; an empty name stands for all that were asked for. */
export class PackageError extends Error {
  readonly package: string

  constructor(name: string, reason: string) {
    super(reason)
    this.name = 'PackageError'
    this.package = name
  }
}

type NpmError = Error & {
  readonly code?: string
  readonly statusCode?: number
  readonly pkgid?: string
  readonly package?: string
  readonly wanted?: string
  readonly edge?: { readonly name?: string; readonly spec?: string }
  readonly current?: { readonly version?: string }
}

const NO_ANSWER =
  /^(?:ENOTFOUND|EAI_\w+|ECONN\w+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ERR_SOCKET_\w+|FETCH_ERROR|ENOTCACHED|E5\d\d|E429|\w*CERT\w*)$/

/** Whether the registry gave no answer, or none that counts. */
export const isNoAnswer = (error: unknown): boolean =>
  NO_ANSWER.test((error as NpmError).code ?? '') || (error as NpmError).name === 'FetchError'

export function failureOf(thrown: unknown, names: readonly string[]): InstallFailure {
  const error = thrown as NpmError
  const all = names.join(', ')
  const ofPackage = (name: string | undefined, reason: string): InstallFailure => ({
    kind: 'package',
    name: name || all,
    reason,
  })
  if (error instanceof PackageError) return ofPackage(error.package, error.message)
  if (isNoAnswer(error)) return { kind: 'registry', reason: error.code ?? 'FetchError' }
  const code = error.code ?? ''
  if (code.startsWith('EALLOW')) {
    const reason = 'it comes from Git, an address or a folder, only the npm registry is a source'
    return ofPackage(error.package, reason)
  }
  switch (code) {
    case 'E404':
      return ofPackage(nameOf(error.pkgid), 'the npm registry has no such package')
    case 'E401':
    case 'E403':
      return ofPackage(nameOf(error.pkgid), `the npm registry refuses it (${code.slice(1)})`)
    case 'ETARGET':
      return ofPackage(error.name, `no version of it fits "${error.wanted ?? ''}"`)
    case 'EINTEGRITY':
      return ofPackage(nameOf(error.pkgid), 'what was downloaded has another checksum than stated')
    case 'TAR_ABORT':
    case 'TAR_BAD_ARCHIVE':
      return ofPackage(nameOf(error.pkgid), 'what was downloaded cannot be unpacked')
    case 'EINVALIDPACKAGENAME':
      return ofPackage(undefined, 'npm allows no package of such a name')
    case 'EBADPLATFORM':
      return ofPackage(nameOf(error.pkgid), 'it is made for another system than this one')
    case 'ENOSPC':
      return ofPackage(undefined, 'the disk is full')
    case 'ERESOLVE':
      return ofPackage(error.edge?.name, conflictOf(error))
    default:
      return ofPackage(nameOf(error.pkgid), `npm failed with ${code || error.name}`)
  }
}

function conflictOf({ edge, current }: NpmError): string {
  const found = current?.version ? `, which ${current.version} does not fit` : ''
  return `its version ${edge?.spec ?? ''} is asked for by a package${found}`
}

/** `@scope/name@1.2` without its range. */
const nameOf = (id: string | undefined): string | undefined => id?.replace(/(?!^)@.*$/, '')
