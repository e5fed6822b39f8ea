/**
 * The answer of a request whose workflow answers by `$respond`. Its event is on stable storage by now;
 * what is waited for is its run, within the run's own time limit and a little more for the queue. A
 * sender that hangs up, or a server that stops, ends the wait, and never the run.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, assertNever } from '../errors.ts'
import type { ExpectedAnswer, RunAnswer } from '../hand-over.ts'
import { limits } from '../model/limits.ts'
import type { TriggerResponse } from '../model/respond.ts'

/** What a browser would run or apply within the page that asks for it. */
const PARTS_OF_A_PAGE =
  /^(?:script|style|worker|sharedworker|serviceworker|audioworklet|paintworklet|xslt|object|embed)$/

/**
 * Throws where a page of this very origin asks for an answer as a part of itself: a step's answer is no
 * script of the UI, whatever got into the UI. The browser says so, and no page can say otherwise.
 */
export function refuseAsPart({ headers }: IncomingMessage): void {
  const kind = String(headers['sec-fetch-dest'])
  if (headers['sec-fetch-site'] !== 'same-origin' || !PARTS_OF_A_PAGE.test(kind)) return
  throw new AppError('response_not_shown', { kind })
}

export class RunAnswers {
  readonly #waiting = new Set<() => void>()
  #draining: NodeJS.Timeout | undefined

  /**
   * What the run answers; undefined when the sender has hung up. Rejects with `response_missing`,
   * `response_timeout` and `response_lost`.
   */
  async wait(
    expected: ExpectedAnswer,
    connection: ServerResponse,
    timeoutMs: number,
  ): Promise<TriggerResponse | undefined> {
    const { promise: cut, resolve: end } = Promise.withResolvers<RunAnswer | undefined>()
    const limitMs = timeoutMs + limits.responseSlackMs
    const timer = setTimeout(() => end({ kind: 'timed_out' }), limitMs)
    const hangUp = (): void => end(undefined)
    const drain = (): void => end({ kind: 'left' })
    connection.once('close', hangUp)
    if (connection.destroyed) hangUp()
    this.#waiting.add(drain)
    try {
      return responseOf(await Promise.race([expected.answer, cut]), timeoutMs)
    } finally {
      expected.cancel()
      clearTimeout(timer)
      connection.off('close', hangUp)
      this.#waiting.delete(drain)
    }
  }

  /** Runs that are nearly there may still answer; the others' requests hear that the server stops. */
  drain(): void {
    this.#draining ??= setTimeout(() => {
      for (const drain of this.#waiting) drain()
    }, limits.drainAnswersMs)
    this.#draining.unref()
  }
}

function responseOf(answer: RunAnswer | undefined, timeoutMs: number): TriggerResponse | undefined {
  if (!answer) return undefined
  switch (answer.kind) {
    case 'response':
      return answer.response
    case 'none':
      throw new AppError('response_missing')
    case 'timed_out':
      throw new AppError('response_timeout', { timeoutMs })
    case 'left':
      throw new AppError('response_lost')
    default:
      return assertNever(answer)
  }
}
