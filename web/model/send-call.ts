/**
 * A delivery as the `$send.http` call that would make it again: what a person pastes into a step. The
 * headers that Sendoff adds by itself are left out, and JSON is written as a value.
 */
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'

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
  const value = body === null || bodyEncoding === 'base64' ? undefined : jsonOf(body)
  const isDefaultJson = value !== undefined && type === 'application/json'
  const kept = own.filter(([name]) => !isDefaultJson || name.toLowerCase() !== 'content-type')
  const lines = [`method: ${JSON.stringify(method)}`, `url: ${JSON.stringify(url)}`]
  if (kept.length > 0) lines.push(`headers: ${inside(Object.fromEntries(kept))}`)
  if (body !== null)
    lines.push(`data: ${dataOf(body, bodyEncoding, isDefaultJson ? value : undefined)}`)
  return `$send.http({\n${lines.map((line) => `  ${line},\n`).join('')}})`
}

function dataOf(body: string, encoding: 'utf8' | 'base64', value: unknown): string {
  if (encoding === 'base64') return `Buffer.from(${JSON.stringify(body)}, "base64")`
  return value === undefined ? JSON.stringify(body) : inside(value)
}

const inside = (value: unknown): string => JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined // Not JSON after all: given as the text it is.
  }
}
