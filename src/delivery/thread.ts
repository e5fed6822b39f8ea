/**
 * The dispatcher's place in a thread of its own, seen from the main thread: places are counted here,
 * so that `reserve` can answer at once; tasks go over in one message per turn of the event loop, and
 * what became of them comes back the same way. The thread settles with the store directly.
 *
 * Why a thread: one delivery costs about as much as accepting and scheduling its event, and side by
 * side on two cores the whole chain was measured half as fast again as on one.
 *
 * Invariant: a thread that dies takes the process with it (`onFatal`); nothing waits for it in vain.
 */
import { Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { HandOver } from '../hand-over.ts'
import type { DeliveryTask, Send } from '../model/delivery.ts'
import type { SigningKeys } from '../model/signing.ts'
import { laneKey } from '../model/destination.ts'
import type { DestinationActivity } from '../model/destination.ts'
import type { Environment } from '../model/variable.ts'
import type { Hint, Notifier } from '../notifier/notifier.ts'
import type { Service } from '../service.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { Places } from './places.ts'

/** How this server shows itself to destinations, and where it listens, lest it deliver to itself. */
export type Identity = {
  /** `Sendoff/<version> (+<abuse url>)`. */
  readonly userAgent: string
  readonly self: readonly { readonly address: string; readonly port: number }[]
}

export type ThreadOptions = {
  /** SENDOFF_EGRESS_ALLOW, entry by entry. */
  readonly allow: readonly string[]
  readonly identity: Identity
  readonly onFatal: (error: Error) => void
  /** Told of an attempt that the store would not record. */
  readonly onRefused: (refused: Refused) => void
  /** Told of what the store refuses although it is there. */
  readonly onFault: (fault: { readonly doing: string; readonly reason: string }) => void
  /** Told of secrets that could not be opened; the attempts that wanted them say so too. */
  readonly onUnopened: (unopened: Unopened) => void
}

export type Unopened = Pick<Wanted, 'about' | 'accountId'> & { readonly reason: string }

export type Refused = { readonly deliveryId: string; readonly reason: string }

/** What the thread starts with; `store` is transferred. */
export type ThreadStart = Pick<ThreadOptions, 'allow' | 'identity'> & {
  readonly store: MessagePort
}

export type ToThread =
  | { readonly kind: 'offer'; readonly tasks: readonly DeliveryTask[] }
  /** Lanes without room: the store will hold deliveries for them. */
  | { readonly kind: 'overflow'; readonly lanes: readonly string[] }
  | { readonly kind: 'wake' }
  | { readonly kind: 'lift' | 'probe'; readonly lane: string }
  | ({ readonly kind: 'ask'; readonly id: number } & Question)
  | { readonly kind: 'identify'; readonly identity: Identity }
  | { readonly kind: 'given'; readonly id: number; readonly answer: Given }
  /** The workflow's signing secret was replaced. */
  | { readonly kind: 'rotated'; readonly workflowId: string }
  /** A variable of the account was set, replaced or removed. */
  | { readonly kind: 'changed'; readonly accountId: number }
  | { readonly kind: 'stop' }

/** What the thread asks for: only the main thread opens secrets. */
export type Wanted =
  | { readonly about: 'keys'; readonly accountId: number; readonly workflowId: string }
  | { readonly about: 'secrets'; readonly accountId: number }
  | {
      readonly about: 'request'
      readonly accountId: number
      readonly deliveryId: string
      readonly sealed: Uint8Array
    }
/** What of a sealed request is other than what may be shown. */
export type OpenedRequest = Pick<Send, 'url' | 'headers'> & Partial<Pick<Send, 'body'>>
export type Given = { readonly value: unknown } | { readonly error: string }

/** What is answered. Null only means that it is done. */
export type Question =
  | { readonly about: 'activity'; readonly lanes: readonly string[] }
  | { readonly about: 'sync' }
  | { readonly about: 'withdraw'; readonly lane: string; readonly deliveryId: string }
export type Reply = readonly (DestinationActivity | null)[] | boolean | null

export type PlaceChange = readonly [lane: string, count: number, bytes: number]

export type FromThread =
  | { readonly kind: 'started' }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'fault'; readonly doing: string; readonly reason: string }
  | { readonly kind: 'wanted'; readonly id: number; readonly wanted: Wanted }
  | { readonly kind: 'answer'; readonly id: number; readonly reply: Reply }
  | ({ readonly kind: 'progress' } & Progress)

/** What happened in one turn of the thread's event loop. */
export type Progress = {
  readonly places: PlaceChange[]
  /** Lanes that take less than others, or nothing, and those that do no more. */
  readonly capacities: (readonly [lane: string, capacity: number])[]
  readonly hints: Hint[]
  readonly attempts: Parameters<Metrics['attemptEnded']>[]
}

type Deps = {
  readonly store: { connect(): MessagePort }
  readonly notifier: Pick<Notifier, 'publish' | 'subscribe'>
  readonly metrics: Pick<Metrics, 'attemptEnded'>
  /** What the workflows' requests are signed with. */
  readonly signing: { of(accountId: number, workflowId: string): Promise<SigningKeys> }
  /** What is masked in attempts. */
  readonly variables: { of(accountId: number): Promise<Pick<Environment, 'secrets'>> }
  /** Opens what waited sealed. Throws where it does not open. */
  readonly requests: {
    open(accountId: number, deliveryId: string, sealed: Uint8Array): OpenedRequest
  }
}

export class DeliveryThread implements HandOver, Service {
  readonly #deps: Deps
  readonly #options: ThreadOptions
  readonly #places = new Places()
  #identity: Identity
  #outbox: DeliveryTask[] = []
  #overflow = new Set<string>()
  readonly #asked = new Map<number, (reply: Reply) => void>()
  #lastId = 0
  #worker: Worker | undefined
  #leave: (() => void) | undefined
  #exited: Promise<unknown> | undefined
  #stopped: Promise<void> | undefined

  constructor(deps: Deps, options: ThreadOptions) {
    this.#deps = deps
    this.#options = options
    this.#identity = options.identity
  }

  async start(): Promise<void> {
    const { allow } = this.#options
    const store = this.#deps.store.connect()
    const start: ThreadStart = { allow, identity: this.#identity, store }
    const entry = `../delivery-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
    const worker = new Worker(new URL(entry, import.meta.url), {
      name: 'delivery',
      workerData: start,
      transferList: [store],
    })
    const started = Promise.withResolvers<void>()
    worker.on('error', (error) => {
      this.#options.onFatal(error as Error)
      started.reject(error)
    })
    // From the first message on: what it takes up at its start may be told before that it has started.
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'started') started.resolve()
      else this.#receive(message)
    })
    this.#worker = worker
    this.#exited = new Promise((resolve) => worker.once('exit', resolve))
    void this.#exited.then(() => {
      started.resolve() // Stopped before it had started, or told of by its error.
      this.#answerAll()
    })
    this.#leave = this.#deps.notifier.subscribe((hint) => {
      if (hint.kind === 'signing') this.#post({ kind: 'rotated', workflowId: hint.workflowId })
      if (hint.kind === 'env') this.#post({ kind: 'changed', accountId: hint.accountId })
    })
    await started.promise
    this.#flush()
  }

  /** Lets attempts end within a bound; see `Dispatcher.stop`. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  /** Replaces what was said at the start, e.g. once the server knows its port. */
  identify(identity: Identity): void {
    this.#identity = identity
    this.#post({ kind: 'identify', identity })
  }

  reserve(accountId: number, origins: readonly string[]): readonly boolean[] {
    return origins.map((origin) => {
      const lane = laneKey(accountId, origin)
      const fits = !this.#stopped && this.#places.hasRoom(lane)
      if (fits) this.#places.take(lane, 1, 0)
      else {
        this.#flushSoon()
        this.#overflow.add(lane)
      }
      return fits
    })
  }

  offer(tasks: readonly DeliveryTask[]): void {
    this.#flushSoon()
    for (const task of tasks) {
      const body = task.send.body && compact(task.send.body)
      this.#places.take(laneKey(task.accountId, task.origin), 0, body?.length ?? 0)
      this.#outbox.push({ ...task, send: { ...task.send, body } })
    }
  }

  release(accountId: number, origins: readonly string[]): void {
    for (const origin of origins) this.#places.take(laneKey(accountId, origin), -1, 0)
  }

  /** Something may be waiting in the store. */
  wake(): void {
    this.#post({ kind: 'wake' })
  }

  /** Ends what a lane waits for: a Retry-After, or its breaker. */
  lift(lane: string): void {
    this.#post({ kind: 'lift', lane })
  }

  /** A person wants an answer: one retry goes, whatever the lane's breaker says. */
  probe(lane: string): void {
    this.#post({ kind: 'probe', lane })
  }

  /** Settings of destinations changed. Resolves when they are in force. */
  async syncDestinations(): Promise<void> {
    await this.#ask({ about: 'sync' })
  }

  /** Per lane; null where there has been nothing to do lately, and where the thread has ended. */
  async activity(lanes: readonly string[]): Promise<readonly (DestinationActivity | null)[]> {
    const reply = await this.#ask({ about: 'activity', lanes })
    return Array.isArray(reply) ? reply : lanes.map(() => null)
  }

  /** Makes one that waits in memory pending in the store; false where it does not wait there. */
  async withdraw(lane: string, deliveryId: string): Promise<boolean> {
    return (await this.#ask({ about: 'withdraw', lane, deliveryId })) === true
  }

  #ask(question: Question): Promise<Reply> {
    if (!this.#worker || this.#stopped) return Promise.resolve(null)
    const id = ++this.#lastId
    this.#post({ kind: 'ask', id, ...question })
    return new Promise((resolve) => this.#asked.set(id, resolve))
  }

  #answerAll(): void {
    for (const resolve of this.#asked.values()) resolve(null)
    this.#asked.clear()
  }

  #flushSoon(): void {
    if (this.#outbox.length + this.#overflow.size === 0) setImmediate(() => this.#flush())
  }

  #flush(): void {
    if (!this.#worker) return // goes over when it has started
    if (this.#overflow.size > 0) this.#post({ kind: 'overflow', lanes: [...this.#overflow] })
    if (this.#outbox.length > 0) this.#post({ kind: 'offer', tasks: this.#outbox })
    this.#overflow = new Set()
    this.#outbox = []
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #receive(message: Exclude<FromThread, { kind: 'started' }>): void {
    switch (message.kind) {
      case 'answer':
        this.#asked.get(message.id)?.(message.reply)
        this.#asked.delete(message.id)
        return
      case 'refused':
        return this.#options.onRefused(message.refused)
      case 'fault':
        return this.#options.onFault({ doing: message.doing, reason: message.reason })
      case 'wanted':
        void this.#give(message.id, message.wanted)
        return
      case 'progress':
        for (const [lane, count, bytes] of message.places) this.#places.take(lane, count, bytes)
        for (const change of message.capacities) this.#places.setCapacity(...change)
        for (const hint of message.hints) this.#deps.notifier.publish(hint)
        for (const ended of message.attempts) this.#deps.metrics.attemptEnded(...ended)
    }
  }

  async #give(id: number, wanted: Wanted): Promise<void> {
    const answer = await this.#open(wanted).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    )
    if ('error' in answer) {
      const { about, accountId } = wanted
      this.#options.onUnopened({ about, accountId, reason: answer.error })
    }
    this.#post({ kind: 'given', id, answer })
  }

  async #open(wanted: Wanted): Promise<unknown> {
    const { signing, variables, requests } = this.#deps
    const { accountId } = wanted
    if (wanted.about === 'keys') return signing.of(accountId, wanted.workflowId)
    if (wanted.about === 'secrets') return (await variables.of(accountId)).secrets
    return requests.open(accountId, wanted.deliveryId, wanted.sealed)
  }

  async #stop(): Promise<void> {
    this.#leave?.()
    this.#flush()
    this.#post({ kind: 'stop' })
    await this.#exited
  }
}

/** The same bytes without the buffer they are a view of, all of which a message would carry along. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
