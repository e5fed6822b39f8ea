/** The commands that senders are shown: run as they stand, by a shell. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { bearerLine, drawnSecret, signatureLines } from '../../web/model/sender-lines.ts'
import { startReceiver } from '../support/receiver.ts'

const run = promisify(execFile)
const isHere = ['curl', 'openssl'].every((name) => existsSync(`/usr/bin/${name}`))
const skip = isHere ? false : 'no curl and openssl'
const bytes = new Uint8Array(32).map((_, at) => at * 8)

test('sender lines: a drawn token is of URL letters, a drawn secret is one of Standard Webhooks', () => {
  assert.match(drawnSecret('bearer', bytes), /^[\w-]{43}$/)
  assert.match(drawnSecret('signature', bytes), /^whsec_[A-Za-z0-9+/]{43}=$/)
})

test('sender lines: the signature that the commands make is a good one', { skip }, async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const secret = drawnSecret('signature', bytes)
  await run('sh', ['-c', signatureLines(receiver.url('/it%27s'), secret)])
  const [request] = receiver.requests
  const headers = Object.fromEntries(request!.headers)
  assert.deepEqual(new Webhook(secret).verify(String(request!.body), headers), { order: 42 })
})

test('sender lines: the token goes as a bearer token', { skip }, async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  await run('sh', ['-c', bearerLine(receiver.url('/'), 'a-token')])
  const headers = new Map(receiver.requests[0]!.headers)
  assert.equal(headers.get('authorization'), 'Bearer a-token')
})
