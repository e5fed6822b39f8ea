/** The log's lines: whole, visible, without secrets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AppError } from '../../src/errors.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { LogLevel } from '../../src/telemetry/log.ts'

function setUp(level?: LogLevel) {
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line), clock: { nowMs: () => 0 } }, level)
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> }
}

test('log: a line is one JSON object with time, level and message first', () => {
  const { log, lines } = setUp()
  log.info('event', { id: 'evt_1', status: 200 })
  assert.deepEqual(lines, [
    '{"at":"1970-01-01T00:00:00.000Z","level":"info","message":"event","id":"evt_1","status":200}\n',
  ])
})

test('log: lines below the level are not written', () => {
  const { log, lines } = setUp('warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { message: string }).message),
    ['c', 'd'],
  )
})

test('log: [228] control, bidirectional and invisible characters are escaped, and read back the same', () => {
  const { log, lines, last } = setUp()
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(text, text, (message, value) => {
      log.info(message, { value })
      const line = lines.at(-1)!
      assert.doesNotMatch(
        line.slice(0, -1),
        /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u,
      )
      assert.equal(line.at(-1), '\n')
      assert.deepEqual([last()['message'], last()['value']], [message, value])
    }),
    { examples: [['\u001b[2J\n', '\u202egnp.exe\u200b\u009b1m']] },
  )
})

test('log: values under names that mean secrets are masked, at any depth', () => {
  const { log, lines } = setUp()
  log.error('x', {
    headers: { Authorization: 'Bearer abcdefghijkl', cookie: 'canary' },
    apiKey: 'canary',
  })
  assert.doesNotMatch(lines[0]!, /canary|abcdef/)
  assert.match(lines[0]!, /••••ijkl/)
})

test('log: a mistake shows its code, a bug its stack, and both their cause', () => {
  const { log, last } = setUp()
  log.error('x', { error: new AppError('draining', {}, { cause: new TypeError('why') }) })
  const { error } = last() as {
    error: Record<string, unknown> & { cause: Record<string, unknown> }
  }
  assert.deepEqual([error['code'], error['stack']], ['draining', undefined])
  assert.equal(error.cause['message'], 'why')
  assert.match(error.cause['stack'] as string, /log\.test\.ts/)
})

test('log: what JSON cannot say does not break a line', () => {
  const { log, last } = setUp()
  log.info('x', { big: 10n, none: undefined })
  assert.equal(last()['big'], '10')
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  log.info('y', { circular })
  assert.equal(last()['message'], 'y')
  assert.match(last()['unprintable'] as string, /circular/)
})
