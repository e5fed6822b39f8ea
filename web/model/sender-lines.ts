/**
 * What senders of a workflow that asks for proof must send, as commands for a POSIX shell that work as
 * they stand, once the secret is in them.
 */
import { quoted } from './curl.ts'

const BODY = '{"order": 42}'
const TYPE = `-H 'content-type: application/json'`

/** `secret`: null where it is not to be shown any more; the command then says what to fill in. */
export function bearerLine(endpoint: string, secret: string | null): string {
  const header = `authorization: Bearer ${secret ?? 'YOUR_TOKEN'}`
  return [
    `curl ${quoted(endpoint)}`,
    `  -H ${quoted(header)}`,
    `  ${TYPE} -d ${quoted(BODY)}`,
  ].join(' \\\n')
}

/** As Standard Webhooks has it: HMAC-SHA256 over id, time and body. */
export function signatureLines(endpoint: string, secret: string | null): string {
  return [
    `secret=${quoted(secret ?? 'whsec_YOUR_SECRET')}`,
    `body=${quoted(BODY)}`,
    'now=$(date +%s) id=msg_$$_$(date +%s)',
    `key=$(printf %s "\${secret#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')`,
    `signature=$(printf %s.%s.%s "$id" "$now" "$body" |`,
    '  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)',
    `curl ${quoted(endpoint)} ${TYPE} -d "$body" \\`,
    '  -H "webhook-id: $id" -H "webhook-timestamp: $now" -H "webhook-signature: v1,$signature"',
  ].join('\n')
}

/** A token, or a `whsec_` secret, of 256 random bits. */
export function drawnSecret(type: 'bearer' | 'signature', bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes))
  if (type === 'signature') return `whsec_${base64}`
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
