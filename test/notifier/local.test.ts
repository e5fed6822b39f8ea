/** Hints within one process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalNotifier } from '../../src/notifier/local.ts'
import type { Hint } from '../../src/notifier/notifier.ts'

const hint: Hint = { kind: 'run', accountId: 1, workflowId: 'wf_1', eventId: 'evt_1' }

test('local notifier: every listener has the hint before publish returns', () => {
  const notifier = new LocalNotifier({ report: (error) => assert.fail(String(error)) })
  const heard: string[] = []
  notifier.subscribe((got) => heard.push(`a ${got.kind}`))
  notifier.subscribe((got) => heard.push(`b ${got.kind}`))
  notifier.publish(hint)
  assert.deepEqual(heard, ['a run', 'b run'])
})

test('local notifier: unsubscribing ends one subscription and no other', () => {
  const notifier = new LocalNotifier({ report: (error) => assert.fail(String(error)) })
  let heard = 0
  const listener = (): void => void heard++
  const leave = notifier.subscribe(listener)
  notifier.subscribe(listener)
  leave()
  leave()
  notifier.publish(hint)
  assert.equal(heard, 1)
})

test('local notifier: a listener that throws is reported and neither stops the others nor the publisher', () => {
  const reported: unknown[] = []
  const notifier = new LocalNotifier({ report: (error) => reported.push(error) })
  const broken = new Error('broken listener')
  let heard = 0
  notifier.subscribe(() => {
    throw broken
  })
  notifier.subscribe(() => void heard++)
  notifier.publish(hint)
  assert.deepEqual([heard, reported], [1, [broken]])
})

test('local notifier: nothing is heard after stop, which may come twice', async () => {
  const notifier = new LocalNotifier({ report: (error) => assert.fail(String(error)) })
  let heard = 0
  notifier.subscribe(() => void heard++)
  await notifier.start()
  await notifier.stop()
  await notifier.stop()
  notifier.publish(hint)
  assert.equal(heard, 0)
})
