/** The send of a delivery, as its row of delivery_request holds it. */
import type { Selectable } from 'kysely'
import type { Send } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import type { Tables } from './tables.ts'

/** All that a `Send` is made of; what is sealed of it is not needed to show it. */
export const sendColumns = [
  'step',
  'step_name',
  'call_index',
  'method',
  'url',
  'headers',
  'body',
  'timeout_ms',
  'retry',
  'follow_redirects',
  'signed',
] as const

type SendRow = Pick<Selectable<Tables['delivery_request']>, (typeof sendColumns)[number]>

export function sendOf(row: SendRow): Send {
  return {
    step: row.step,
    stepName: row.step_name,
    index: row.call_index,
    method: row.method,
    url: row.url,
    headers: JSON.parse(row.headers) as HeaderPair[],
    body: row.body,
    timeoutMs: row.timeout_ms,
    retry: row.retry === null ? null : (JSON.parse(row.retry) as Send['retry']),
    followRedirects: row.follow_redirects,
    signed: row.signed === 1,
  }
}
