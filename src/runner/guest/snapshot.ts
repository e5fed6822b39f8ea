/**
 * User values as JSON text: a step's exports and `$event` before and after it. Whatever cannot be written
 * becomes `{"$error": why}` in its place, so that a strange value is shown and never breaks the run.
 */
import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { isDeeperThan } from '../../model/json-depth.ts'
import { limits } from '../../model/limits.ts'
import { diffEvents } from '../../model/patch.ts'
import type { PatchOperation } from '../../model/run.ts'
import { EXPORT_SLACK_BYTES } from '../protocol.ts'
import type { RunState } from './run-state.ts'

const { isMap, isNativeError, isPromise, isRegExp, isSet } = types
const KINDS: readonly (readonly [(value: unknown) => boolean, string])[] = [
  [isMap, 'a Map'],
  [isSet, 'a Set'],
  [isPromise, 'a Promise that was not awaited'],
  [isRegExp, 'a RegExp'],
]

const { parse, stringify } = JSON
const { keys } = Object
const byteLength = Buffer.byteLength.bind(Buffer)
/** What the notes in place of exports that are too large may take on top. */
const ROOM_FOR_PROBLEMS = EXPORT_SLACK_BYTES / 2
const TOO_DEEP = `nested deeper than ${limits.exportDepth.toLocaleString('en')} levels`
const TOO_LARGE = `the exports of a run are limited to ${limits.runExportBytes / 1024 / 1024} MiB`

/** JSON text of an export; undefined for `undefined`. BigInts become strings. */
export function toJson(value: unknown): string | undefined {
  const lost = lostAs(value)
  if (lost !== undefined) return problem(`not JSON: ${lost}`)
  const json = stringified(value)
  return json === undefined ? undefined : withinDepth(json)
}

/**
 * What JSON would leave out in silence, or make `{}` of: an export that is an error, a function, a Map.
 * Only the export itself is looked at; what it holds is as `JSON.stringify` has it.
 */
function lostAs(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value !== 'object' || value === null) return undefined
  try {
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return undefined
    if (isNativeError(value)) return `${value.name}: ${value.message}`.slice(0, 200)
    return KINDS.find(([isKind]) => isKind(value))?.[1]
  } catch {
    return undefined // Not to be looked into: what becomes of it is said where it is written.
  }
}

/**
 * JSON text of `$event`, which may have been given a `toJSON` that makes nothing of it. Its depth is looked
 * at where it is read again: most steps leave it as it was, and looking costs more than writing it.
 */
export const eventToJson = (event: object): string => stringified(event) ?? problem('not JSON')

const withinDepth = (json: string): string =>
  isDeeperThan(limits.exportDepth, json) ? problem(TOO_DEEP) : json

function stringified(value: unknown): string | undefined {
  try {
    return stringify(value)
  } catch {
    // Most values are plain: the slower way is only taken once the fast one has failed.
    try {
      return stringify(value, (_, inner: unknown) =>
        typeof inner === 'bigint' ? `${inner}` : inner,
      )
    } catch (error) {
      return problem(`not JSON: ${reasonOf(error)}`)
    }
  }
}

/** The exports of a step as one JSON object, within what the run may still store. */
export function exportsToJson(run: RunState, exports: object): string {
  let text = ''
  for (const key of ownKeys(exports)) {
    const json = toJson(read(exports, key))
    if (json === undefined) continue
    const entry = entryWithin(run, key, json)
    if (entry !== null) text += `${text && ','}${entry}`
  }
  return `{${text}}`
}

/** The export, or in its place that it is too large; null when there is no room even for that. */
function entryWithin(run: RunState, key: string, json: string): string | null {
  const entry = `${stringify(key)}:${json}`
  const room = limits.runExportBytes - run.exportBytes
  const bytes = byteLength(entry)
  if (bytes <= room) {
    run.exportBytes += bytes
    return entry
  }
  const instead = `${stringify(key)}:${problem(TOO_LARGE)}`
  if (byteLength(instead) > room + ROOM_FOR_PROBLEMS) return null
  run.exportBytes += byteLength(instead)
  return instead
}

/** What a step did to `$event`, as a JSON Patch: `before` and `after` are JSON texts of it. */
export function diffToJson(textBefore: string, textAfter: string): string {
  if (textBefore === textAfter) return '[]'
  const [before, after] = [withinDepth(textBefore), withinDepth(textAfter)]
  const diff = patchToJson(diffEvents(parse(before), parse(after)))
  if (byteLength(diff) <= limits.runDiffBytes) return diff
  const fits = byteLength(after) <= limits.runDiffBytes
  const value = fits ? after : problem(`a diff is limited to ${limits.runDiffBytes / 1024} KiB`)
  return `[{"op":"replace","path":"","value":${value}}]`
}

/** Written piece by piece: a `toJSON` that user code gave to all objects is for the values only. */
function patchToJson(operations: readonly PatchOperation[]): string {
  let text = ''
  for (const operation of operations) {
    const value = 'value' in operation ? `,"value":${stringify(operation.value)}` : ''
    const { op, path } = operation
    text += `${text && ','}{"op":"${op}","path":${stringify(path)}${value}}`
  }
  return `[${text}]`
}

function ownKeys(exports: object): readonly string[] {
  try {
    return keys(exports)
  } catch {
    return []
  }
}

function read(exports: object, key: string): unknown {
  try {
    return (exports as Record<string, unknown>)[key]
  } catch (error) {
    return { $error: `not readable: ${reasonOf(error)}` }
  }
}

const problem = (why: string): string => stringify({ $error: why })

function reasonOf(error: unknown): string {
  try {
    // V8 explains a cycle over several lines; the first one names it.
    return (error as Error).message.split('\n', 1)[0]!.slice(0, 200)
  } catch {
    return 'its conversion threw'
  }
}
