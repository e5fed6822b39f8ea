/**
 * A run: one execution of a version on an event. It is a value: steps go in, this outcome comes out,
 * and nothing of it exists for anybody until `store.finish` commits it with its sends.
 */

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'ended' | 'failed' | 'timed_out'
export type FinalRunStatus = Exclude<RunStatus, 'queued' | 'running'>
export type StepStatus = 'succeeded' | 'failed' | 'ended' | 'timed_out' | 'skipped' | 'not_run'

/** `at` is in milliseconds since the run began. */
export type LogEntry = {
  readonly at: number
  readonly level: 'log' | 'info' | 'warn' | 'error' | 'debug'
  readonly text: string
}

/** RFC 6902, as far as a diff needs it. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

/** A user's error is data. `line` and `column` are 1-based positions in the user's own text, if known. */
export type StepError = {
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly line: number | null
  readonly column: number | null
}

/** An `import` statement of a step: what it names, and where it stands in the user's own text. */
export type ImportPlace = {
  readonly specifier: string
  readonly line: number
  readonly column: number
}

export type SkippedSend = { readonly index: number; readonly reason: string }

export type StepRecord = {
  readonly name: string
  readonly type: 'code' | 'webhook' | 'note'
  readonly status: StepStatus
  readonly durationMs: number
  readonly logs: readonly LogEntry[]
  readonly exports: Readonly<Record<string, unknown>>
  readonly diff: readonly PatchOperation[]
  readonly error: StepError | null
  readonly skipped: readonly SkippedSend[]
}

export type RunOutcome = {
  readonly status: FinalRunStatus
  readonly startedAt: number
  readonly durationMs: number
  /** What the Messages column shows: `$end: why`, `EXCEPTION TypeError: ...`, `TIMEOUT ...`. */
  readonly message: string | null
  readonly steps: readonly StepRecord[]
}
