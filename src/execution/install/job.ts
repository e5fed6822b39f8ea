/**
 * What the server and its installing process say to each other: one job in, on one line of JSON; lines of
 * progress out, and a last one that says how it ended.
 */

export type InstallJob = {
  /** The folder that holds all sets, `.cache` and `.staging` among them. */
  readonly folder: string
  /** Name of a folder of its own in `.staging`. */
  readonly stage: string
  readonly ranges: Readonly<Record<string, string>>
  /** A lock to keep to wherever the ranges allow. */
  readonly lock: string | null
  /** Packages for which the lock does not count. */
  readonly renew: readonly string[]
  /** Options of npm as this machine has them. */
  readonly npm: Readonly<Record<string, unknown>>
}

export type Installed = {
  /** SHA-256 of `lock`, and the name of the set's folder. */
  readonly hash: string
  /** Every package with its exact version and checksum, as npm writes it; it names no registry. */
  readonly lock: string
  /** The exact versions of the packages that were asked for. */
  readonly versions: Readonly<Record<string, string>>
}

/** Why there is no set. `package` is what is wrong with one; `registry`, that there was no answer. */
export type InstallFailure =
  | { readonly kind: 'package'; readonly name: string; readonly reason: string }
  | { readonly kind: 'registry'; readonly reason: string }

export type InstallMessage =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'done'; readonly installed: Installed }
  | { readonly kind: 'failed'; readonly failure: InstallFailure }
