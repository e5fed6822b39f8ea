/** One call of the API: when an answer means that the session has ended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, whenSignedOut } from '../../web/api/client.ts'

/** Stands where the browser's `fetch` does; `answer` gives what is asked for its answer. */
function hold() {
  const asked = new Map<string, (status: number) => void>()
  globalThis.fetch = (input) =>
    new Promise((resolve) => {
      asked.set(input as string, (status) => resolve(new Response('{}', { status })))
    })
  let signedOut = 0
  whenSignedOut(() => signedOut++)
  return {
    answer: (path: string, status: number) => asked.get(`/api/v1${path}`)!(status),
    signedOut: () => signedOut,
  }
}

test('client: an answer 401 says that the session has ended, one at the door does not', async () => {
  const api = hold()
  const atDoor = call('POST', '/session', { body: { token: 'wrong' } })
  api.answer('/session', 401)
  await assert.rejects(atDoor)
  assert.equal(api.signedOut(), 0)
  const inside = call('GET', '/workflows')
  api.answer('/workflows', 401)
  await assert.rejects(inside)
  assert.equal(api.signedOut(), 1)
})

test('client: what was asked before somebody signed in says nothing of the new session', async () => {
  const api = hold()
  const early = call('GET', '/workflows')
  const signIn = call('POST', '/session', { body: { token: 'right' } })
  api.answer('/session', 200)
  await signIn
  api.answer('/workflows', 401)
  await assert.rejects(early)
  assert.equal(api.signedOut(), 0)
  const late = call('GET', '/events')
  api.answer('/events', 401)
  await assert.rejects(late)
  assert.equal(api.signedOut(), 1)
})
