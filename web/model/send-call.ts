/**
 * A delivery as the `$send.http` call that would make it again: what a person pastes into a step. The
 * headers that Sendoff adds by itself are left out, and JSON is written as a value.
 */
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'
import { indentJson } from './indent-json.ts'

const ADDED =
  /^(host|content-length|user-agent|webhook-(id|timestamp|signature)|traceparent|sendoff-hops|connection)$/i

export function sendCall({
  method,
  url,
  headers,
  body,
  bodyEncoding,
}: DeliveryWire['request']): string {
  const own = headers.filter(([name]) => !ADDED.test(name))
  const type = own.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const isDefaultJson =
    type === 'application/json' && body !== null && bodyEncoding === 'utf8' && isJson(body)
  const kept = own.filter(([name]) => !isDefaultJson || name.toLowerCase() !== 'content-type')
  const lines = [`method: ${JSON.stringify(method)}`, `url: ${JSON.stringify(url)}`]
  if (kept.length > 0) lines.push(`headers: ${inside(JSON.stringify(Object.fromEntries(kept)))}`)
  if (body !== null) lines.push(`data: ${dataOf(body, bodyEncoding, isDefaultJson)}`)
  return `$send.http({\n${lines.map((line) => `  ${line},\n`).join('')}})`
}

function dataOf(body: string, encoding: 'utf8' | 'base64', isJsonBody: boolean): string {
  if (encoding === 'base64') return `Buffer.from(${JSON.stringify(body)}, "base64")`
  return isJsonBody ? inside(body) : JSON.stringify(body)
}

const inside = (json: string): string => indentJson(json).text.replaceAll('\n', '\n  ')

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false // Not JSON after all: given as the text it is.
  }
}
