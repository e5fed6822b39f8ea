/**
 * What a step did in the recorded run beside what it did in a dry run of the steps as they are now: texts
 * line by line, sends in pairs. How long either took is told and never counts as a difference.
 */
import type { DeliveryWire, EventDetailWire } from '../../src/inspector/wire-event.ts'
import { indented } from './body-view.ts'
import { changeLines } from './change-lines.ts'
import { indentJson } from './indent-json.ts'
import { shortJson } from './json-preview.ts'
import { maskedEvent } from './masked.ts'
import { count, plural, size } from './quantity.ts'
import { paired, splitRows } from './split-rows.ts'
import type { SplitRow } from './split-rows.ts'
import type { StepRecord, StepView } from './step-views.ts'

export type ComparedPart = {
  readonly title: 'Error' | 'Logs' | 'Exports' | '$event'
  readonly rows: () => readonly SplitRow[]
  readonly isSame: boolean
  /** How much there is of it, or how many lines differ. */
  readonly hint: string
}

/** A call of `$send.http`, or one that was skipped. */
export type ComparedSend = {
  readonly index: number
  readonly delivery: DeliveryWire | null
  /** Why it was skipped. */
  readonly reason: string | null
}

export type SendPair = {
  readonly recorded: ComparedSend | null
  readonly dry: ComparedSend | null
  readonly isSame: boolean
  /** Made when they are looked at: a thousand sends of megabytes are not compared line by line for a list. */
  readonly rows: () => readonly SplitRow[]
}

export type StepComparison = {
  readonly isSame: boolean
  /** Only what at least one side has. */
  readonly parts: readonly ComparedPart[]
  readonly sends: readonly SendPair[]
}

const NOTHING: StepComparison = { isSame: true, parts: [], sends: [] }

/** Null where the step was not in that run. */
export function compareSteps(recorded: StepView | null, dry: StepView | null): StepComparison {
  if (!recorded && !dry) return NOTHING
  const [before, after] = [textsOf(recorded), textsOf(dry)]
  const parts = titles.flatMap((title) => part(title, before[title], after[title]) ?? [])
  const sends = sendPairs(recorded, dry)
  const isSame =
    recorded?.record?.status === dry?.record?.status &&
    parts.every((one) => one.isSame) &&
    sends.every((one) => one.isSame)
  return { isSame, parts, sends }
}

/** The event that a dry run was given, beside the one that is recorded; null where they are the same. */
export function compareEvents(
  recorded: EventDetailWire['event'],
  dry: EventDetailWire['event'],
): readonly SplitRow[] | null {
  const [before, after] = [eventText(recorded), eventText(dry)]
  return before === after ? null : splitRows(before, after)
}

function eventText(event: EventDetailWire['event']): string {
  const { method, path, query, headers, body } = maskedEvent(event)
  return jsonText({ method, path, query, headers, body })
}

const jsonText = (value: unknown): string => indentJson(JSON.stringify(value)).text

const titles = ['Error', 'Logs', 'Exports', '$event'] as const
type Texts = Readonly<Record<(typeof titles)[number], string>>

function textsOf(view: StepView | null): Texts {
  const record = view?.record
  if (!record) return { Error: '', Logs: '', Exports: '', $event: '' }
  return {
    Error: errorText(record.error),
    Logs: record.logs
      .map(({ level, text }) => (level === 'log' ? '' : `${level} `) + text)
      .join('\n'),
    Exports: Object.keys(record.exports).length === 0 ? '' : jsonText(record.exports),
    $event: changeLines(view.eventBefore, record.diff).map(changeText).join('\n'),
  }
}

function errorText(error: StepRecord['error']): string {
  if (!error) return ''
  const { name, message, line, column } = error
  const place = line === null ? [] : [`line ${line}${column === null ? '' : `, column ${column}`}`]
  return [`${name}: ${message}`, ...place].join('\n')
}

function changeText({ sign, path, before, after }: ReturnType<typeof changeLines>[number]): string {
  if (sign === '−') return `− ${path}`
  const value = shortJson(after)
  return sign === '+' ? `+ ${path}: ${value}` : `~ ${path}: ${shortJson(before)} → ${value}`
}

function part(title: ComparedPart['title'], before: string, after: string): ComparedPart | null {
  if (before === '' && after === '') return null
  if (before === after) {
    const hint = `same, ${plural(before.split('\n').length, 'line')}`
    return { title, rows: () => splitRows(before, after), isSame: true, hint }
  }
  const rows = splitRows(before, after)
  const differing = rows.filter((row) => !row.isSame).length
  return { title, rows: () => rows, isSame: false, hint: differText(differing) }
}

const differText = (lines: number): string =>
  lines === 1 ? '1 line differs' : `${count(lines)} lines differ`

function sendPairs(recorded: StepView | null, dry: StepView | null): readonly SendPair[] {
  return paired(sendsOf(recorded), sendsOf(dry), sendText).map(({ before, after, isSame }) => ({
    recorded: before,
    dry: after,
    isSame,
    rows: () => splitRows(before ? prettyText(before) : '', after ? prettyText(after) : ''),
  }))
}

/** In the order of the calls. */
function sendsOf(view: StepView | null): readonly ComparedSend[] {
  if (!view) return []
  const sent = view.deliveries.map((delivery): ComparedSend => {
    return { index: delivery.index, delivery, reason: null }
  })
  const skipped = (view.record?.skipped ?? []).map(({ index, reason }): ComparedSend => {
    return { index, delivery: null, reason }
  })
  return [...sent, ...skipped].toSorted((one, other) => one.index - other.index)
}

/**
 * A request as it reads on the wire, without what delivering adds: a dry run has come to no such header.
 * What is the same here is the same send.
 */
function sendText(send: ComparedSend, bodyText = (body: string): string => body): string {
  const { delivery, reason } = send
  if (!delivery) return `skipped (${reason})`
  const { method, url, headers, body, bodyEncoding, size: bytes } = delivery.request
  const own = headers.filter(([name, value]) => !isAdded(name.toLowerCase(), value, delivery.id))
  const lines = [`${method} ${url}`, ...own.map(([name, value]) => `${name}: ${value}`)]
  if (body === null) return lines.join('\n')
  const text = bodyEncoding === 'utf8' ? bodyText(body) : `${size(bytes)}, base64 ${body}`
  return [...lines, '', text].join('\n')
}

/** The same to read: JSON indented. */
const prettyText = (send: ComparedSend): string => sendText(send, (body) => indented(body) ?? body)

/** A header of the connection, or one that Sendoff adds where the step did not set it. */
function isAdded(name: string, value: string, deliveryId: string): boolean {
  switch (name) {
    case 'user-agent':
      return value.startsWith('Sendoff/')
    case 'webhook-id':
      return value === deliveryId
    case 'webhook-timestamp':
      return /^\d{10}$/.test(value)
    case 'traceparent':
      return /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(value)
    default:
      return /^(host|connection|content-length|sendoff-hops|webhook-signature)$/.test(name)
  }
}
