/** What makes the first delivery after a start as fast as the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { warmUp } from '../../src/delivery/warm-up.ts'

test('warm-up: goes the whole way of an exchange, and opens no socket', async () => {
  const { response, error, progress } = await warmUp(systemClock)
  assert.equal(error, null)
  assert.equal(progress, 'reading')
  assert.equal(Buffer.from(response!.body).toString(), 'ok')
  assert.ok(!process.getActiveResourcesInfo().some((name) => name.startsWith('TCP')))
})
