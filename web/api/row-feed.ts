/**
 * A list of rows, kept current. The stream only says that something changed; this reads the rows again,
 * one call at a time and not more often than `PACE_MS`, whatever the rate of events.
 *
 * It lets rows in by itself while there is room (`setRoom`) and holds them back otherwise. Listeners
 * hear of changes at most once a frame.
 */
import type { LiveData } from '../../src/inspector/wire-event.ts'
import { appendOlder, release, startFeed, takeAgain, takeNewest } from '../model/feed.ts'
import type { Block, Feed, Older, Ordering, Row } from '../model/feed.ts'
import type { ApiProblem } from './client.ts'
import { followLive } from './live.ts'
import type { LiveKind, LiveState } from './live.ts'
import { paced } from './paced.ts'

/** Where rows come from, and which hints are about them. */
export type RowSource<One extends Row> = Ordering<One> & {
  /** Null follows all workflows. */
  readonly workflowId: string | null
  /** A page of at most `PAGE` rows: the newest ones, or from there on. */
  readonly page: (from: Older, signal: AbortSignal) => Promise<Block<One>>
  /** A page that begins at or above the row of this position. */
  readonly from: (rows: readonly One[], at: number) => Older
  /** The id of the row that a hint is about; null where it says no more than that there are new rows. */
  readonly rowOf: (kind: LiveKind, data: LiveData) => string | null
}

export type FeedView<One extends Row> = {
  readonly rows: readonly One[]
  readonly heldCount: number
  /** Rows that came in with the last release: they may be drawn as new. */
  readonly fresh: ReadonlySet<string>
  readonly phase: 'loading' | 'ready' | 'failed'
  readonly problem: ApiProblem | null
  readonly hasOlder: boolean
  readonly readingOlder: boolean
  readonly live: LiveState
}

export const PAGE = 100
const PACE_MS = 200
/** Pages read to meet what is known before the rest is left as a gap. */
const CATCH_UP_PAGES = 3
const NOTHING: ReadonlySet<string> = new Set()

export class RowFeed<One extends Row> {
  readonly #source: RowSource<One>
  readonly #changed: (eventId: string | null) => void
  readonly #read: () => void
  readonly #stopped = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #stale = new Set<string>()
  #feed: Feed<One> = startFeed<One>({ rows: [], older: null })
  #view: FeedView<One>
  #room = Number.POSITIVE_INFINITY
  #frame = 0
  #close: (() => void) | undefined

  /** `changed` hears which event changed; null when it may have been any. */
  constructor(source: RowSource<One>, changed: (eventId: string | null) => void) {
    this.#source = source
    this.#changed = changed
    this.#read = paced(() => this.#readChanges(), PACE_MS, this.#stopped.signal)
    this.#view = {
      rows: [],
      heldCount: 0,
      fresh: NOTHING,
      phase: 'loading',
      problem: null,
      hasOlder: false,
      readingOlder: false,
      live: 'connecting',
    }
  }

  start(): void {
    this.#close = followLive(this.#source.workflowId, {
      hint: (kind, data) => this.#hint(kind, data),
      reset: () => {
        this.#changed(null)
        this.readAgain()
      },
      state: (live) => this.#show({ live }),
    })
    this.#read()
  }

  stop(): void {
    this.#close?.()
    this.#stopped.abort()
    cancelAnimationFrame(this.#frame)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly view = (): FeedView<One> => this.#view

  /** How many new rows may come in by themselves; 0 holds all back. */
  setRoom(room: number): void {
    if (room === this.#room) return
    this.#room = room
    this.#letIn()
    this.#readLeft()
  }

  /** Lets in what was held back, whatever the room. */
  letAllIn(): void {
    this.#release()
    this.#readLeft()
  }

  /** Reads the newest rows and what is shown of the others. */
  readAgain(): void {
    for (const { id } of this.#feed.rows) this.#stale.add(id)
    this.#read()
  }

  readOlder(): void {
    const { older } = this.#feed
    if (older === null || this.#view.readingOlder || this.#view.phase !== 'ready') return
    this.#show({ readingOlder: true })
    this.#page(older).then(
      (block) => {
        this.#feed = appendOlder(this.#feed, block)
        this.#show({ readingOlder: false })
      },
      (problem: ApiProblem) => this.#fail(problem),
    )
  }

  #hint(kind: LiveKind, data: LiveData): void {
    const stale = this.#source.rowOf(kind, data)
    if (stale !== null) this.#stale.add(stale)
    this.#changed(data.eventId)
    this.#read()
  }

  #readChanges(): Promise<void> {
    return this.#readNewest()
      .then(() => this.#readStale())
      .then(
        () => {
          this.#show({ phase: 'ready', problem: null })
          this.#readLeft()
        },
        (problem: ApiProblem) => this.#fail(problem),
      )
  }

  async #readNewest(): Promise<void> {
    let block = await this.#page(null)
    this.#settle(block)
    if (this.#view.phase === 'loading') {
      this.#feed = startFeed(block)
      return
    }
    for (let pages = 1; pages < CATCH_UP_PAGES && !this.#meets(block) && block.older; pages++) {
      const next = await this.#page(block.older)
      block = { rows: [...block.rows, ...next.rows], older: next.older }
      this.#settle(next)
    }
    this.#feed = takeNewest(this.#source, this.#feed, block)
    this.#letIn()
  }

  /** Rows that changed further down than the newest page reaches: one page from each is enough. */
  async #readStale(): Promise<void> {
    for (let reads = 0; reads < CATCH_UP_PAGES && this.#stale.size > 0; reads++) {
      const { rows } = this.#feed
      const at = rows.findIndex(({ id }) => this.#stale.has(id))
      if (at === -1) return this.#forgetUnknown()
      const stale = rows[at]!.id
      const block = await this.#page(this.#source.from(rows, at))
      this.#settle(block)
      this.#stale.delete(stale)
      this.#feed = takeAgain(this.#source, this.#feed, block)
    }
  }

  /** Shown rows that one round did not come to are read in the next. */
  #readLeft(): void {
    if (this.#feed.rows.some(({ id }) => this.#stale.has(id))) this.#read()
  }

  /** Rows that are held back are read again once they are shown. */
  #forgetUnknown(): void {
    const held = new Set(this.#feed.held.map(({ id }) => id))
    for (const id of this.#stale) if (!held.has(id)) this.#stale.delete(id)
  }

  #page(from: Older): Promise<Block<One>> {
    return this.#source.page(from, this.#stopped.signal)
  }

  #settle(block: Block<One>): void {
    for (const { id } of block.rows) this.#stale.delete(id)
  }

  #meets(block: Block<One>): boolean {
    const known = new Set([...this.#feed.rows, ...this.#feed.held].map(({ id }) => id))
    return known.size === 0 || block.rows.some(({ id }) => known.has(id))
  }

  #letIn(): void {
    const { heldCount } = this.#feed
    if (heldCount > 0 && heldCount <= this.#room) this.#release()
    else this.#show({})
  }

  #release(): void {
    const fresh = new Set(this.#feed.held.map(({ id }) => id))
    this.#feed = release(this.#source, this.#feed)
    this.#show({ fresh })
  }

  #fail(problem: ApiProblem): void {
    if (this.#stopped.signal.aborted) return
    this.#show({ phase: 'failed', problem, readingOlder: false })
  }

  /** Nobody hears of a round that brought nothing new. */
  #show(change: Partial<FeedView<One>>): void {
    const { rows, heldCount, older } = this.#feed
    const next = { ...this.#view, rows, heldCount, hasOlder: older !== null, ...change }
    if (names(next).every((name) => next[name] === this.#view[name])) return
    this.#view = next
    if (this.#frame !== 0) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0
      for (const listener of this.#listeners) listener()
    })
  }
}

const names = <One extends Row>(view: FeedView<One>): readonly (keyof FeedView<One>)[] =>
  Object.keys(view) as (keyof FeedView<One>)[]
