/** A request as ingest would store it: what a test does not care about has a plain value. */
import type { RawRequest } from '../../src/model/event.ts'

export function rawRequest(changes: Partial<RawRequest> = {}): RawRequest {
  return {
    method: 'POST',
    scheme: 'http',
    host: 'hooks.test',
    uri: '/t/key',
    path: '/',
    httpVersion: '1.1',
    clientIp: '203.0.113.9',
    headers: [],
    body: new Uint8Array(0),
    ...changes,
  }
}
