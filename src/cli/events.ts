/** `sendoff events tail <workflow>` and `sendoff events show <event>`. */
import { clientSettings } from '../config.ts'
import { AppError } from '../errors.ts'
import type { EventDetailWire, EventListWire } from '../inspector/wire.ts'
import { createApiClient } from './api-client.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, Invocation } from './commands.ts'
import { nextSignal } from './serve.ts'
import { printEvent, printRow } from './print-event.ts'

export const eventsTail: Command = {
  sentence: 'print the events of a workflow as they come: events tail <workflow>',
  async run(invocation) {
    const workflowId = only(invocation, 'events tail <workflow>')
    const client = connect(invocation)
    const path = `/workflows/${encodeURIComponent(workflowId)}`
    const stopping = new AbortController()
    void nextSignal().then(() => stopping.abort())
    const last = await client.call<EventListWire>('GET', `${path}/events?limit=10`)
    for (const row of last.data.toReversed()) printRow(row, invocation.json)
    try {
      for await (const { event, data } of client.stream(`${path}/live`, stopping.signal)) {
        if (event !== 'run') continue
        const { eventId } = JSON.parse(data) as { eventId: string }
        const detail = await client.call<EventDetailWire>('GET', `/events/${eventId}`)
        printRow(rowOf(detail), invocation.json)
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error
    }
    return 0
  },
}

export const eventsShow: Command = {
  sentence: 'print an event with its steps, requests and responses: events show <event>',
  async run(invocation) {
    const eventId = only(invocation, 'events show <event>')
    const path = `/events/${encodeURIComponent(eventId)}`
    const detail = await connect(invocation).call<EventDetailWire>('GET', path)
    if (invocation.json) console.log(JSON.stringify(detail))
    else printEvent(detail)
    return 0
  },
}

function only({ words }: Invocation, usage: string): string {
  const [word] = words
  if (word && words.length === 1) return word
  throw new AppError('usage', { usage })
}

function connect({ flags }: Invocation): ApiClient {
  const { url, token } = clientSettings(flags)
  return createApiClient(url, token)
}

const ENDED: ReadonlySet<string> = new Set(['failed', 'blocked', 'canceled'])

function rowOf(detail: EventDetailWire): EventListWire['data'][number] {
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
