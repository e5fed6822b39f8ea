/**
 * An event as text for a terminal, in the order things happened. Everything that came from outside is
 * printed with its control characters escaped, so an event cannot drive the terminal.
 */
import type { DeliveryWire, EventDetailWire, EventListWire } from '../inspector/wire-event.ts'
import { visible, visibleJson } from './visible.ts'

type Row = EventListWire['data'][number]

export function printRow(row: Row, json: boolean): void {
  if (json) return console.log(visibleJson(row))
  const time = row.receivedAt.slice(11, 19)
  const duration = row.durationMs === null ? '-' : milliseconds(row.durationMs)
  const note = row.message ?? row.error?.message ?? ''
  const head = `${time}  ${row.method.padEnd(6)} ${visible(row.path)}`
  console.log(
    `${head}  ${row.dest.delivered}/${row.dest.total}  ${duration}  ${visible(note)}  ${row.id}`,
  )
}

export function printEvent(detail: EventDetailWire): void {
  const { event, run, dest } = detail
  console.log(`${detail.id}  ${detail.receivedAt}  ${visible(event.method)} ${visible(event.path)}`)
  if (detail.error) console.log(`  error: ${visible(detail.error.message)}`)
  if (!run) return
  const took = run.durationMs === null ? '' : ` in ${milliseconds(run.durationMs)}`
  console.log(`Run ${run.status}${took}${run.message ? `: ${visible(run.message)}` : ''}`)
  for (const step of run.steps) {
    console.log(
      `  ${visible(step.name)} (${step.type}) ${step.status} in ${milliseconds(step.durationMs)}`,
    )
    for (const log of step.logs) console.log(`    ${log.level}: ${visible(log.text)}`)
    for (const change of step.diff) {
      const value = 'value' in change ? ` ${JSON.stringify(change.value)}` : ''
      console.log(`    $event ${change.op} ${visible(change.path)}${visible(value)}`)
    }
    if (step.error) console.log(`    ${errorLine(step.error)}`)
    for (const skip of step.skipped)
      console.log(`    [${skip.index}] skipped: ${visible(skip.reason)}`)
    for (const delivery of detail.deliveries) {
      if (delivery.step === step.name) printDelivery(delivery)
    }
  }
  console.log(`Dest ${dest.delivered}/${dest.total}`)
}

function printDelivery(delivery: DeliveryWire): void {
  const { id, index, request, status, code, abridged, attempts } = delivery
  const last = attempts.at(-1)
  const answer = last?.response
    ? `${last.response.status} · ${milliseconds(last.timings?.totalMs ?? 0)}`
    : `${status}${code ? ` (${code})` : ''}`
  console.log(`    [${index}] ${visible(request.method)} ${visible(request.url)} -> ${answer}`)
  if (request.body) console.log(`        request:  ${shorten(request.body)}`)
  if (last?.response?.body) console.log(`        response: ${shorten(last.response.body)}`)
  if (abridged) console.log(`        left out: its attempts are in /api/v1/deliveries/${id}`)
  if (last?.error) console.log(`        ${visible(last.error.message)}`)
}

function errorLine(error: NonNullable<EventDetailWire['run']>['steps'][number]['error']): string {
  if (!error) return ''
  const place = error.line === null ? '' : ` at ${error.line}:${error.column}`
  return visible(`${error.name}: ${error.message}${place}`)
}

function milliseconds(value: number): string {
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`
}

const shorten = (text: string): string =>
  text.length > 200 ? `${visible(text.slice(0, 200))}…` : visible(text)
