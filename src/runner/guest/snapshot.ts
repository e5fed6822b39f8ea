/**
 * User values as JSON text: a step's exports and `$event` before and after it. Whatever cannot be written
 * becomes `{"$error": why}` in its place, so that a strange value is shown and never breaks the run.
 */
import { limits } from '../../model/limits.ts'
import { diffEvents } from '../../model/patch.ts'
import type { RunState } from './run-state.ts'

const { parse, stringify } = JSON
const { keys } = Object
const TOO_LARGE = `the exports of a run are limited to ${limits.runExportBytes / 1024 / 1024} MiB`

/** JSON text of a value; undefined for what JSON leaves out. BigInts become strings. */
export function toJson(value: unknown): string | undefined {
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
    let json = toJson(read(exports, key))
    if (json === undefined) continue
    if (run.exportBytes + json.length > limits.runExportBytes) json = problem(TOO_LARGE)
    run.exportBytes += json.length
    text += `${text && ','}${stringify(key)}:${json}`
  }
  return `{${text}}`
}

/** What a step did to `$event`, as a JSON Patch: `before` and `after` are JSON texts of it. */
export function diffToJson(before: string, after: string): string {
  if (before === after) return '[]'
  const diff = stringify(diffEvents(parse(before), parse(after)))
  if (diff.length <= limits.runDiffBytes) return diff
  const value = after.length <= limits.runDiffBytes ? after : problem('over the limit for a diff')
  return `[{"op":"replace","path":"","value":${value}}]`
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
