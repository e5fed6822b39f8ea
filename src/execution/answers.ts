/**
 * Requests that wait for what the run of their event responds (`$respond`). Ingest says that one waits,
 * the run's end, or a step that responds at once, says what with. Nothing here is durable: the event is,
 * and a request whose server dies is closed like any other.
 *
 * Invariant: a request is answered once, whoever answers first.
 */
import type { AnswerHandOver, ExpectedAnswer, RunAnswer } from '../hand-over.ts'
import type { RunResult } from '../runner/runner.ts'

export class Answers implements AnswerHandOver {
  readonly #waiting = new Map<string, (answer: RunAnswer) => void>()

  expect(eventId: string): ExpectedAnswer {
    const { promise, resolve } = Promise.withResolvers<RunAnswer>()
    this.#waiting.set(eventId, resolve)
    return { answer: promise, cancel: () => void this.#waiting.delete(eventId) }
  }

  isExpected(eventId: string): boolean {
    return this.#waiting.has(eventId)
  }

  give(eventId: string, answer: RunAnswer): void {
    const resolve = this.#waiting.get(eventId)
    if (!resolve) return
    this.#waiting.delete(eventId)
    resolve(answer)
  }
}

/** What a run that has ended answers. */
export function answerOf({ response, outcome }: RunResult): RunAnswer {
  if (response) return { kind: 'response', response }
  return outcome.status === 'timed_out' ? { kind: 'timed_out' } : { kind: 'none' }
}
