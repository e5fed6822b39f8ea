/**
 * Signs a request as Standard Webhooks v1 has it: HMAC-SHA256 over `id.timestamp.body`, of exactly the
 * headers and bytes that are sent, once with each key. While a secret is being replaced a request
 * carries two signatures, and a receiver that knows either secret finds its own.
 */
import { createHmac } from 'node:crypto'
import { DeliveryFault } from './fault.ts'
import { headersOf } from './request.ts'
import type { OutgoingRequest } from './request.ts'

const SIGNATURE_HEADER = 'webhook-signature'

/** The request with its signatures; unchanged where there are no keys. Throws a `DeliveryFault`. */
export function signed(request: OutgoingRequest, keys: readonly Uint8Array[]): OutgoingRequest {
  if (keys.length === 0) return request
  const headers = new Map(headersOf(request).map(([name, value]) => [name.toLowerCase(), value]))
  const id = headers.get('webhook-id') ?? ''
  // The point ends the id: with one inside, two messages could have one signature.
  if (id.includes('.')) {
    throw new DeliveryFault(
      'protocol',
      'webhook_id_invalid',
      'Cannot sign the request: its webhook-id holds a point, set one without',
    )
  }
  const start = `${id}.${headers.get('webhook-timestamp') ?? ''}.`
  const signatures = keys.map((key) => `v1,${signatureOf(key, start, request.body)}`)
  const others = request.addedHeaders.filter(([name]) => name !== SIGNATURE_HEADER)
  return { ...request, addedHeaders: [...others, [SIGNATURE_HEADER, signatures.join(' ')]] }
}

function signatureOf(key: Uint8Array, start: string, body: Uint8Array | null): string {
  const hmac = createHmac('sha256', key).update(start)
  return hmac.update(body ?? '').digest('base64')
}
