/**
 * The runs that ended in a process, for as long as it lives: user code may outlive its run, and what it
 * does then is reported on that run and never lost.
 */
import { LATE_ENTRIES, ProtocolError } from './protocol.ts'
import type { UpMessage } from './protocol.ts'
import type { LateReport, Program, RunJob } from './runner.ts'

type EndedRun = Omit<LateReport, 'step' | 'entry'> & { readonly program: Program; entries: number }

export class EndedRuns {
  readonly #onLate: (report: LateReport) => void
  readonly #runs = new Map<string, EndedRun>()
  #last: EndedRun | null = null

  constructor(onLate: (report: LateReport) => void) {
    this.#onLate = onLate
  }

  add(nonce: string, { accountId, eventId, context, program }: RunJob): void {
    const workflowId = context.workflow_id
    this.#last = { accountId, eventId, workflowId, program, entries: 0 }
    this.#runs.set(nonce, this.#last)
  }

  /** Passes on an entry that a run wrote after its end. Throws a ProtocolError. */
  late({ run: nonce, step, at, level, text }: Extract<UpMessage, { type: 'late' }>): void {
    const run = this.#runs.get(nonce)
    const name = run?.program.steps[step]?.name
    if (!run || name === undefined || ++run.entries > LATE_ENTRIES)
      throw new ProtocolError('a late entry of no run that ended here')
    this.#report(run, name, { at, level, text })
  }

  /** What a run started is still about and is now stopped: its user is told, for nobody else will. */
  stopped(left: readonly string[]): void {
    const step = this.#last?.program.steps.at(-1)
    if (!this.#last || !step || left.length === 0) return
    const what = [...new Set(left)].join(', ')
    const text = `Something was still running after the run had ended (${what}) and was stopped: await it in the step`
    this.#report(this.#last, step.name, { at: 0, level: 'warn', text })
  }

  #report({ accountId, eventId, workflowId }: EndedRun, step: string, entry: LateReport['entry']) {
    this.#onLate({ accountId, eventId, workflowId, step, entry })
  }
}
