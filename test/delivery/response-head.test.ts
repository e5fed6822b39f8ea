/** What is seen of a response before undici: interim responses passed over, large headers ended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseHead } from '../../src/delivery/response-head.ts'
import { limits } from '../../src/model/limits.ts'
import { attemptOne } from '../support/attempt-one.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

test('[111] attempt: a receiver that sends 100 Continue unasked gets its request, once, and is heard', async () => {
  await using stack = new AsyncDisposableStack()
  const replies = [
    CONTINUE + OK,
    CONTINUE + CONTINUE + OK,
    `HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n${CONTINUE}${OK}`,
    `HTTP/1.1 100 Continue\r\nx-a: \r\n\r\n${OK}`,
    `HTTP/1.1 100\r\n\r\n${OK}`,
  ]
  const receiver = await startReceiver((_, count) => ({ raw: replies[count - 1]! }))
  stack.defer(() => receiver.close())
  const body = Buffer.from('{"a":1}')
  for (const reply of replies) {
    const { outcome, response, error } = await attemptOne(taskTo(receiver.url(), { body }))
    assert.equal(outcome, 'delivered', `${reply}: ${error?.message}`)
    assert.equal(`${response?.status} ${Buffer.from(response!.body).toString()}`, '200 ok')
  }
  assert.equal(receiver.requests.length, replies.length)
  assert.ok(receiver.requests.every((request) => request.body.toString() === '{"a":1}'))
})

test('[111] attempt: 100 Continue that comes byte by byte is passed over too', async () => {
  await using stack = new AsyncDisposableStack()
  const bytes = (CONTINUE + OK).split('')
  const receiver = await startReceiver(() => ({ raw: '', trickle: { everyMs: 1, raw: bytes } }))
  stack.defer(() => receiver.close())
  const attempt = await attemptOne(taskTo(receiver.url(), { timeoutMs: 10_000 }))
  assert.equal(attempt.outcome, 'delivered', String(attempt.error?.message))
  assert.equal(attempt.response?.status, 200)
})

test('[111] attempt: 100 Continue and nothing after it ends at the time limit', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver(() => ({ raw: CONTINUE }))
  stack.defer(() => receiver.close())
  const attempt = await attemptOne(taskTo(receiver.url(), { timeoutMs: 200 }))
  assert.deepEqual([attempt.code, attempt.response], ['timeout', null])
})

test('response head: only the status of a 100 changes, wherever the bytes are cut', () => {
  const changed = (text: string, size: number) => {
    const head = new ResponseHead()
    head.begin()
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size)
      assert.ok(head.pass(bytes.subarray(at, at + size)))
    return bytes.toString()
  }
  const early = 'HTTP/1.1 103 Early Hints\r\nx: HTTP/1.1 100\r\n\r\n'
  const as103 = CONTINUE.replace('100', '103')
  const final = 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'
  for (const size of [1, 2, 3, 5, 7, 1_000]) {
    assert.equal(changed(CONTINUE + early + CONTINUE + final, size), as103 + early + as103 + final)
    for (const other of ['HTTP/1.1 101 Switch\r\n\r\n', 'HTTP/1.1 110 x\r\n\r\n', 'SSH-2.0', '']) {
      assert.equal(changed(other, size), other)
    }
  }
})

test('[103] response head: more than 16 KiB of headers are refused, wherever the bytes are cut', () => {
  const fits = (text: string, size: number) => {
    const head = new ResponseHead()
    head.begin()
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) {
      if (!head.pass(bytes.subarray(at, at + size))) return false
    }
    return true
  }
  const response = (bytes: number, body = '') =>
    `${'HTTP/1.1 200 OK\r\na: '.padEnd(bytes - 4, 'x')}\r\n\r\n${body}`
  const limit = limits.responseHeaderBytes
  const body = 'x'.repeat(3 * limit)
  for (const size of [1, 3, 1_000, 100_000]) {
    assert.ok(fits(response(limit, body), size), `${size}`)
    assert.ok(!fits(response(limit + 1, body), size), `${size}`)
    assert.ok(!fits(response(3 * limit).slice(0, 2 * limit), size), `${size}`)
    assert.ok(fits(CONTINUE.repeat(1_000) + response(limit), size), `${size}`)
    assert.ok(fits(`HTTP/1.1 200 OK\r\na: \r\r\n\r\n${body}`, size), `${size}`)
  }
})
