/**
 * The check a workflow may ask of its senders (SPEC section 2): a bearer token, or a signature as
 * Standard Webhooks has it (v1, HMAC-SHA256). What it is checked against is a variable of the account,
 * so that it is sealed at rest, shown nowhere, and replaced without a new version.
 *
 * Invariant: while the variable is missing or is none that can be checked against, nobody is let in.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { parseSigningSecret } from '../model/signing.ts'
import type { Environment } from '../model/variable.ts'
import type { Endpoint } from '../model/workflow.ts'

export type SenderSecrets = { of(accountId: number): Promise<Pick<Environment, 'values'>> }

type Asked = Pick<Endpoint, 'accountId' | 'settings'>

const SIGNATURE = /^v1,([A-Za-z0-9+/]{43}=)$/

/** The bearer token is checked before a byte of the body is read; a signature needs the body. */
export async function checkBearer(
  secrets: SenderSecrets,
  endpoint: Asked,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const { triggerAuth } = endpoint.settings
  if (triggerAuth?.type !== 'bearer') return
  const expected = await secretOf(secrets, endpoint, triggerAuth.variable)
  const given = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (given === undefined) refuse('send its token as Authorization: Bearer <token>')
  // Of one length, whatever was sent, and compared in one time.
  if (!timingSafeEqual(sha256(given), sha256(expected))) refuse('the token is not the right one')
}

export async function checkSignature(
  { secrets, clock }: { readonly secrets: SenderSecrets; readonly clock: Pick<Clock, 'nowMs'> },
  endpoint: Asked,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): Promise<void> {
  const { triggerAuth } = endpoint.settings
  if (triggerAuth?.type !== 'signature') return
  const key = parseSigningSecret(await secretOf(secrets, endpoint, triggerAuth.variable))
  if (key === undefined) throw unset(triggerAuth.variable, 'is no whsec_ secret of 24 to 64 bytes')
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signatures = headers['webhook-signature']
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
    return refuse('send webhook-id, webhook-timestamp and webhook-signature')
  }
  const ageMs = clock.nowMs() - Number(timestamp) * 1000
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(ageMs) > limits.triggerSignatureAgeMs) {
    return refuse(
      `webhook-timestamp is more than ${limits.triggerSignatureAgeMs / 60_000} minutes off`,
    )
  }
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const matches = signatures.split(' ').some((signature) => {
    const given = SIGNATURE.exec(signature)?.[1]
    return given !== undefined && timingSafeEqual(Buffer.from(given, 'base64'), expected)
  })
  if (!matches) refuse('no signature of webhook-signature fits')
}

async function secretOf(
  secrets: SenderSecrets,
  { accountId }: Asked,
  variable: string,
): Promise<string> {
  const { values } = await secrets.of(accountId)
  const value = Object.hasOwn(values, variable) ? values[variable] : undefined
  if (value) return value
  throw unset(variable, 'is not set')
}

/** The owner reads in the log what a sender is not told. */
const unset = (variable: string, fact: string): AppError =>
  new AppError('trigger_auth_unset', {}, { cause: `variable ${variable} ${fact}` })

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

function refuse(reason: string): never {
  throw new AppError('sender_unauthorized', { reason })
}
