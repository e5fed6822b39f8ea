import assert from 'node:assert/strict'
import test from 'node:test'
import { getGlobalDispatcher, request, setGlobalDispatcher } from 'undici'
import { AppError } from '../../src/errors.ts'
import { refuseGlobalFetch, requireVerifiedTls } from '../../src/egress/refuse-global-fetch.ts'
import { listen } from '../support/listener.ts'

test("refuse global fetch: the platform's fetch and undici's own reach nobody", async (context) => {
  const listener = await listen()
  const dispatcher = getGlobalDispatcher()
  context.after(async () => {
    setGlobalDispatcher(dispatcher)
    await listener.close()
  })
  const url = `http://127.0.0.1:${listener.port}/`
  assert.equal((await fetch(url)).status, 200)
  assert.equal(listener.accepted.length, 1)

  refuseGlobalFetch()
  const refusal =
    /fetch of http:\/\/127\.0\.0\.1:\d+ refused: outbound requests go through the egress/
  await assert.rejects(fetch(url), (error: Error) => {
    assert.match((error.cause as Error).message, refusal)
    return true
  })
  await assert.rejects(request(url), refusal)
  assert.equal(listener.accepted.length, 1)
})

test('[131] refuse global fetch: NODE_TLS_REJECT_UNAUTHORIZED=0 stops the start', () => {
  assert.throws(
    () => requireVerifiedTls('0'),
    (error) => error instanceof AppError && error.message.includes('NODE_TLS_REJECT_UNAUTHORIZED'),
  )
  for (const value of [undefined, '', '1']) requireVerifiedTls(value)
})
