/** The raw request of an event, as its row holds it. */
import type { HeaderPair, RawRequest } from '../model/event.ts'

export const requestColumns = [
  'method',
  'scheme',
  'host',
  'uri',
  'path',
  'http_version',
  'client_ip',
  'headers',
  'body',
] as const

type RequestRow = Readonly<Record<Exclude<(typeof requestColumns)[number], 'body'>, string>> & {
  readonly body: Uint8Array
}

export function requestOf(row: RequestRow): RawRequest {
  return {
    method: row.method,
    scheme: row.scheme as RawRequest['scheme'],
    host: row.host,
    uri: row.uri,
    path: row.path,
    httpVersion: row.http_version,
    clientIp: row.client_ip,
    headers: JSON.parse(row.headers) as HeaderPair[],
    body: row.body,
  }
}
