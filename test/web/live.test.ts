/** The live stream and the lists that follow it, in a page that is not there: what the browser tells is told by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

type Data = Readonly<Record<string, string>>
type Reader = {
  hint(kind: string, data: Data): void
  reset(): void
  state(state: string): void
}
type Row = { readonly id: string; readonly receivedAt: string; readonly said: number }
type Page = { readonly rows: readonly Row[]; readonly older: { readonly before: string } | null }
type Feed = {
  start(): void
  stop(): void
  setRoom(room: number): void
  letAllIn(): void
  readAgain(): void
  readOlder(): void
  view(): { readonly rows: readonly Row[]; readonly heldCount: number; readonly phase: string }
}
type FeedOf = new (source: object, changed: () => void) => Feed

// By their addresses, because these files are typed for a browser.
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../web/api/${file}`, import.meta.url).href)
const { followLive } = (await load('live.ts')) as {
  followLive: (workflowId: string | null, reader: Reader) => () => void
}
const { RowFeed } = (await load('row-feed.ts')) as { RowFeed: FeedOf }

const CONNECTING = 0
const OPEN = 1
const CLOSED = 2

class Source extends EventTarget {
  static readonly CLOSED = CLOSED
  static opened: Source[] = []
  readyState = CONNECTING

  constructor() {
    super()
    Source.opened.push(this)
  }

  close(): void {
    this.readyState = CLOSED
  }

  opens(): void {
    this.readyState = OPEN
    this.dispatchEvent(new Event('open'))
  }

  /** As when the server answers 503. */
  fails(): void {
    this.readyState = CLOSED
    this.dispatchEvent(new Event('error'))
  }

  tells(kind: string, data: Data): void {
    this.dispatchEvent(Object.assign(new Event(kind), { data: JSON.stringify(data) }))
  }
}

/** A page whose time is held still, and frames drawn as they are asked for. */
function openPage(context: TestContext) {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  Source.opened = []
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const page = {
    document,
    EventSource: Source,
    requestAnimationFrame: (draw: () => void) => (draw(), 0),
    cancelAnimationFrame: () => undefined,
  }
  Object.assign(globalThis, page)
  context.after(() => {
    for (const name of Object.keys(page)) Reflect.deleteProperty(globalThis, name)
  })
  return {
    pass: (ms: number) => context.mock.timers.tick(ms),
    turn(visibilityState: 'visible' | 'hidden') {
      document.visibilityState = visibilityState
      document.dispatchEvent(new Event('visibilitychange'))
    },
    live: () => Source.opened.filter(({ readyState }) => readyState !== CLOSED),
  }
}

const deaf: Reader = { hint: () => undefined, reset: () => undefined, state: () => undefined }

test('live: a page that is looked at again keeps its stream, whatever happened while it was hidden', (context) => {
  const page = openPage(context)
  const close = followLive(null, deaf)
  Source.opened[0]!.opens()
  page.turn('hidden')
  page.pass(1_000)
  Source.opened[0]!.fails()
  page.pass(1_000)
  page.turn('visible')
  assert.equal(page.live().length, 1)
  page.pass(60_000)
  assert.equal(page.live().length, 1)
  close()
  assert.equal(page.live().length, 0)
})

test('live: a hidden page lets go of its stream, and does not open another', (context) => {
  const page = openPage(context)
  const close = followLive(null, deaf)
  page.turn('hidden')
  page.pass(4_999)
  assert.equal(page.live().length, 1)
  Source.opened[0]!.fails()
  page.pass(60_000)
  assert.equal(page.live().length, 0)
  page.turn('visible')
  assert.equal(page.live().length, 1)
  close()
})

const PAGE = 100
const newestFirst = (one: Row, other: Row): number => Number(other.id) - Number(one.id)

/** A list of which the server has `count` rows, each of them as it is at present. */
function listOf(count: number) {
  const list = {
    count,
    said: 0,
    workflowId: null,
    order: newestFirst,
    behind: ({ id }: Row) => ({ before: id }),
    from: (rows: readonly Row[], at: number) => ({ before: String(Number(rows[at]!.id) + 1) }),
    rowOf: (_: string, { eventId }: Data) => eventId ?? null,
    async page(from: { readonly before: string } | null): Promise<Page> {
      const top = from ? Number(from.before) - 1 : list.count
      const length = Math.min(PAGE, top)
      const rows = Array.from({ length }, (_, i) => {
        return { id: String(top - i), receivedAt: '', said: list.said }
      })
      return { rows, older: top > PAGE ? { before: rows.at(-1)!.id } : null }
    },
  }
  return list
}

/** Lets rounds of reading come to their end, as long as there are any. */
async function rounds(page: ReturnType<typeof openPage>, count = 20): Promise<void> {
  for (let round = 0; round < count; round++) {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    page.pass(1_000)
  }
}

test('feed: what is shown further down is read again too, once the stream was cut', async (context) => {
  const page = openPage(context)
  const list = listOf(1_500)
  const feed = new RowFeed(list, () => undefined)
  feed.start()
  await rounds(page, 1)
  for (let pages = 1; pages < 10; pages++) {
    feed.readOlder()
    await rounds(page, 1)
  }
  assert.equal(feed.view().rows.length, 1_000)
  list.said = 1
  Source.opened[0]!.opens()
  await rounds(page)
  const before = feed.view().rows.filter(({ said }) => said === 0)
  assert.deepEqual([feed.view().rows.length, before.length], [1_000, 0])
  feed.stop()
})

test('feed: what became of rows while they were held back is shown with them', async (context) => {
  const page = openPage(context)
  const list = listOf(50)
  const feed = new RowFeed(list, () => undefined)
  feed.start()
  await rounds(page, 1)
  feed.setRoom(0)
  list.count += 2 * PAGE
  feed.readAgain()
  await rounds(page)
  assert.equal(feed.view().heldCount, 2 * PAGE)
  list.said = 1
  Source.opened[0]!.tells('run', { eventId: '60' })
  await rounds(page)
  feed.letAllIn()
  await rounds(page)
  assert.equal(feed.view().rows.find(({ id }) => id === '60')!.said, 1)
  feed.stop()
})
