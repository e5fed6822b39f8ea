/** Waits until something is so, for what gives no signal of its own. Fails after the deadline. */
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'

export async function until(
  isSo: () => boolean | Promise<boolean>,
  deadlineMs = 30_000,
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await isSo())) {
    if (performance.now() > end)
      throw new Error(`Waited ${deadlineMs} ms in vain for: ${isSo.toString()}`)
    await sleep(5)
  }
}

/** Waits until what is read is as expected; after the deadline it fails with what was read last. */
export async function becomes<Value>(
  read: () => Value | Promise<Value>,
  expected: Value,
  deadlineMs = 30_000,
): Promise<void> {
  const end = performance.now() + deadlineMs
  let value = await read()
  while (!isDeepStrictEqual(value, expected) && performance.now() < end) {
    await sleep(5)
    value = await read()
  }
  assert.deepEqual(value, expected)
}
