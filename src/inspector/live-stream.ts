/**
 * One reader of server-sent events. It is told that something changed, never what: ids go out, and the
 * page re-reads. So losing hints is harmless as long as the reader hears that some were lost.
 *
 * Hints go out together, some forty times a second at most: at 500 events a second one by one they would
 * cost the reader, who reads again five times a second anyway, more than all that it reads.
 *
 * Invariant: a reader that does not read holds a bounded number of hints here. Past the bound they are
 * dropped, and when it reads again the first thing it hears is `reset`: read everything anew.
 */
import type { ServerResponse } from 'node:http'
import { limits } from '../model/limits.ts'
import type { LiveData } from './wire-event.ts'

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
const RESET = 'event: reset\ndata: {}\n\n'

export class LiveStream {
  readonly #response: ServerResponse
  readonly #held: string[] = []
  #blocked = false
  #lost = false
  #closed = false
  #sequence = 0
  #timer: NodeJS.Timeout | undefined

  /** `resumes`: the reader was here before and cannot know what it missed. */
  constructor(response: ServerResponse, resumes: boolean) {
    this.#response = response
    response.on('drain', () => this.#drain())
    response.writeHead(200, HEADERS)
    this.#write('retry: 2000\n\n')
    if (resumes) this.#write(RESET)
  }

  send(name: 'event' | 'run' | 'delivery', data: LiveData): void {
    if (this.#closed) return
    const frame = `id: ${++this.#sequence}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
    if (this.#held.length >= limits.liveHeldHints) this.#flush()
    if (this.#held.length < limits.liveHeldHints) this.#held.push(frame)
    else this.#lost = true
    this.#timer ??= setTimeout(() => this.#flush(), limits.liveBatchMs)
  }

  /** A comment, so that neither side nor a proxy between takes silence for the end. */
  beat(): void {
    if (!this.#blocked && !this.#closed) this.#write(':\n\n')
  }

  /** A reader that does not read would not see the end either: its connection is cut. */
  close(): void {
    this.#flush()
    this.#closed = true
    if (this.#blocked) this.#response.destroy()
    else this.#response.end()
  }

  #write(frame: string): void {
    this.#blocked = !this.#response.write(frame)
  }

  /** Sends what is held, unless the reader has yet to take what it was sent. */
  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const isGone = this.#closed || this.#response.destroyed
    if (!isGone && !this.#blocked && this.#held.length > 0) {
      this.#write(this.#held.splice(0).join(''))
    }
  }

  #drain(): void {
    if (this.#closed) return
    this.#blocked = false
    if (this.#lost) {
      this.#held.length = 0
      this.#lost = false
      this.#write(RESET)
    } else this.#flush()
  }
}
