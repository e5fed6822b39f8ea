/** The send of a delivery, as its row of delivery_request holds it. */
import type { Send } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import type { Tables } from './tables.ts'

export function sendOf(row: Tables['delivery_request']): Send {
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
