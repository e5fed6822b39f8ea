/** `sendoff events tail`, `events show` and `events search`. */
import type { EventDetailWire, EventListWire, EventRowWire } from '../inspector/wire-event.ts'
import { CLIENT_FLAGS, connect, wordOf, wordsOf } from './client.ts'
import type { Command } from './commands.ts'
import { nextSignal } from './serve.ts'
import { printEvent, printRow } from './print-event.ts'
import { visibleJson } from './visible.ts'

export const eventsTail: Command = {
  sentence: 'print the events of a workflow as they come',
  usage: 'events tail <workflow>',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    const workflowId = wordOf(invocation, eventsTail)
    const client = connect(invocation)
    const path = `/workflows/${encodeURIComponent(workflowId)}`
    const stopping = new AbortController()
    void nextSignal().then(() => stopping.abort())
    const print = printOnce((row) => printRow(row, invocation.json))
    try {
      for await (const { event, data } of client.stream(`${path}/live`, stopping.signal)) {
        // Once it is open nothing is missed; a reset says that something was.
        if (event === 'open' || event === 'reset') {
          const limit = event === 'open' ? 10 : 200
          const last = await client.call<EventListWire>('GET', `${path}/events?limit=${limit}`)
          for (const row of last.data.toReversed()) print(row)
        }
        if (event !== 'run') continue
        const { eventId } = JSON.parse(data) as { eventId: string }
        print(rowOf(await client.call<EventDetailWire>('GET', `/events/${eventId}`)))
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error
    }
    return 0
  },
}

/** Rows that are remembered as printed: more than a list is long. */
const REMEMBERED = 1_000

/** Prints a row, and once more when its run has ended. */
function printOnce(print: (row: EventRowWire) => void): (row: EventRowWire) => void {
  const printed = new Set<string>()
  return (row) => {
    const state = `${row.id} ${row.durationMs === null}`
    if (printed.has(state)) return
    printed.add(state)
    if (printed.size > REMEMBERED) printed.delete(printed.values().next().value!)
    print(row)
  }
}

export const eventsShow: Command = {
  sentence: 'print an event with its steps, requests and responses',
  usage: 'events show <event>',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    const eventId = wordOf(invocation, eventsShow)
    const path = `/events/${encodeURIComponent(eventId)}`
    const detail = await connect(invocation).call<EventDetailWire>('GET', path)
    if (invocation.json) console.log(visibleJson(detail))
    else printEvent(detail)
    return 0
  },
}

const FILTERS = ['status', 'delivery', 'version', 'before', 'limit'] as const

export const eventsSearch: Command = {
  sentence: 'print the events that hold a text, newest first; "" with a filter finds by that alone',
  usage: `events search <workflow> <text> ${FILTERS.map((name) => `[--${name} X]`).join(' ')}`,
  flags: [...CLIENT_FLAGS, ...FILTERS],
  async run(invocation) {
    const [workflowId = '', text = ''] =
      invocation.words.length === 2 ? invocation.words : wordsOf(invocation, eventsSearch, 2)
    const query = new URLSearchParams(text === '' ? [] : [['q', text]])
    for (const name of FILTERS) {
      const value = invocation.flags[name]
      if (value !== undefined) query.set(name, value)
    }
    const wanted = Number(query.get('limit') ?? Number.POSITIVE_INFINITY)
    const client = connect(invocation)
    let printed = 0
    for (let cursor: string | null = ''; cursor !== null && printed < wanted;) {
      if (cursor) query.set('cursor', cursor)
      const path = `/workflows/${encodeURIComponent(workflowId)}/events?${query.toString()}`
      const page: EventListWire = await client.call('GET', path)
      const rows = page.data.slice(0, wanted - printed)
      for (const row of rows) printRow(row, invocation.json)
      printed += rows.length
      cursor = page.nextCursor
    }
    return 0
  },
}

const ENDED: ReadonlySet<string> = new Set(['failed', 'blocked', 'canceled'])

function rowOf(detail: EventDetailWire): EventRowWire {
  const { id, receivedAt, event, run, dest, deliveries, replayOf, error } = detail
  return {
    id,
    receivedAt,
    method: event.method,
    path: event.path,
    status: run?.status ?? null,
    version: run?.version ?? 0,
    durationMs: run?.durationMs ?? null,
    message: run?.message ?? null,
    dest,
    failed: deliveries.filter(({ status }) => ENDED.has(status)).length,
    replayOf,
    error,
  }
}
