/**
 * The two threads of the embedded store, so that neither commits nor long reads ever hold up the caller: the
 * writer (writer.ts) owns the only connection that writes and commits in groups; the reader (reader.ts)
 * serves everything that is only looked at. Other threads of the process speak to the same writer through
 * `connect()`.
 *
 * Invariant: while a store is started nobody else has its folder open; a killed process lets go of it.
 * Invariant: a thread that dies makes every call reject and is reported to `onFatal`; it is never
 * replaced, because what it had in hand is not known: the process must restart and recover.
 */
import { once } from 'node:events'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import type { Recovered } from '../store.ts'
import { HotClient } from './hot-client.ts'
import { makeFolder } from './make-folder.ts'
import { ReadClient } from './read-client.ts'
import { fromWire } from './store-errors.ts'
import type { WriterNotice } from './writer.ts'

export type SqliteOptions = {
  /** Created with mode 0700 if it is not there. */
  readonly folder: string
  /** New at each start; leases carry it. */
  readonly nodeId: string
  /** A thread of the store died: the store answers nothing any more. */
  readonly onFatal?: (error: Error) => void
}

type Running = {
  readonly writer: Worker
  readonly reader: Worker
  readonly hot: HotClient
  readonly reads: ReadClient
}

const NOTHING: Recovered = { events: 0, interrupted: 0, held: 0 }

export class StoreThreads {
  readonly #clock: Clock
  readonly #options: SqliteOptions
  #running: Running | undefined
  #recovered = NOTHING
  /** Stopped, or one of the threads has died. */
  #isOver = false
  #stopped: Promise<void> | undefined

  constructor(deps: { readonly clock: Clock }, options: SqliteOptions) {
    this.#clock = deps.clock
    this.#options = options
  }

  get recovered(): Recovered {
    return this.#recovered
  }

  /** What commits. Throws `store_unavailable` before the start. */
  get hot(): HotClient {
    return this.#parts.hot
  }

  /** What only looks. Throws as `hot` does. */
  get reads(): ReadClient {
    return this.#parts.reads
  }

  async start(): Promise<void> {
    const { folder, nodeId } = this.#options
    makeFolder(folder)
    const writer = thread('writer', { folder, nodeId, at: this.#clock.nowMs() })
    const reader = await this.#open(writer).catch(async (error: unknown) => {
      await writer.terminate()
      throw error
    })
    const hot = new HotClient({ clock: this.#clock }, connectTo(writer))
    this.#running = { writer, reader, hot, reads: new ReadClient(reader) }
    for (const worker of [writer, reader]) {
      worker.on('error', (cause) => this.#died(worker, cause))
      worker.on('exit', () => this.#died(worker, undefined))
    }
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  connect(): MessagePort {
    return connectTo(this.#parts.writer)
  }

  /** Waits until the writer has recovered; only then is there something to read. */
  async #open(writer: Worker): Promise<Worker> {
    const [notice] = (await once(writer, 'message')) as [WriterNotice]
    if (notice.kind === 'refused') throw fromWire(notice.error)
    this.#recovered = notice.recovered
    const reader = thread('reader', { folder: this.#options.folder })
    await once(reader, 'message')
    return reader
  }

  get #parts(): Running {
    if (this.#running) return this.#running
    throw new AppError('store_unavailable', { reason: 'the store is not open' })
  }

  async #stop(): Promise<void> {
    if (!this.#running || this.#isOver) return
    const { writer, reader, hot, reads } = this.#running
    await hot.drain()
    this.#isOver = true
    reader.postMessage('stop')
    await once(reader, 'exit')
    writer.postMessage({ kind: 'stop' })
    await once(writer, 'exit')
    const closed = new AppError('store_unavailable', { reason: 'the store is closed' })
    hot.fail(closed)
    reads.fail(closed)
  }

  #died(worker: Worker, cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    const { writer, reader, hot, reads } = this.#running!
    const name = worker === writer ? 'writer' : 'reader'
    const reason = `the ${name} thread has ended`
    const error = new AppError('store_unavailable', { reason }, { cause })
    hot.fail(error)
    reads.fail(error)
    void writer.terminate()
    void reader.terminate()
    this.#options.onFatal?.(error)
  }
}

function thread(name: 'writer' | 'reader', data: object): Worker {
  return new Worker(new URL(`./${name}.ts`, import.meta.url), {
    name: `store-${name}`,
    workerData: data,
  })
}

function connectTo(writer: Worker): MessagePort {
  const { port1, port2 } = new MessageChannel()
  writer.postMessage({ kind: 'connect', port: port2 }, [port2])
  return port1
}
