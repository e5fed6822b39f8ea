/** The receiver itself: what other tests rely on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerOf, startReceiver } from './receiver.ts'

test('receiver: records the request as it came and answers as scripted', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver(() => ({ status: 201, body: 'made' }))
  stack.defer(() => receiver.close())
  const answer = await fetch(receiver.url('/a?b=1'), {
    method: 'POST',
    body: 'hello',
    headers: { 'X-Case': 'Kept' },
  })
  const [request] = await receiver.received(1)
  assert.equal(answer.status, 201)
  assert.equal(await answer.text(), 'made')
  assert.equal(
    `${request?.method} ${request?.url} ${request?.body.toString()}`,
    'POST /a?b=1 hello',
  )
  assert.equal(headerOf(request?.headers ?? [], 'x-case'), 'Kept')
})

test('receiver: resets, closes and writes raw bytes when told to', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver(() => ({ end: 'reset' }))
  stack.defer(() => receiver.close())
  await assert.rejects(fetch(receiver.url()))
  receiver.script = () => ({
    raw: 'HTTP/1.1 299 Odd\r\ncontent-length: 2\r\n\r\nhi',
    end: 'close',
  })
  assert.equal((await fetch(receiver.url())).status, 299)
  assert.equal(receiver.requests.length, 2)
})

test('receiver: says what did arrive when too little came', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver()
  stack.defer(() => receiver.close())
  await fetch(receiver.url('/only'))
  await assert.rejects(receiver.received(2, 50), /1 of 2 requests arrived: GET \/only/)
})
