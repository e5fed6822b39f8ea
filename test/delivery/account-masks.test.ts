/** The masks of accounts: known at once where they can be, asked for where they must be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AccountMasks } from '../../src/delivery/account-masks.ts'
import { limits } from '../../src/model/limits.ts'
import { NO_MASKS } from '../../src/model/redact-values.ts'

function asking(answers: readonly (readonly string[] | Error)[]) {
  const clock = { at: 0, monotonicMs: () => clock.at }
  let asked = 0
  const masks = new AccountMasks({
    clock,
    async ask() {
      const answer = answers[Math.min(asked++, answers.length - 1)]!
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { masks, clock, asked: () => asked }
}

test('account masks: without variables they are NO_MASKS, at once from the second time on', async () => {
  const { masks, asked } = asking([[]])
  assert.equal(await masks.of(1), NO_MASKS)
  assert.equal(masks.of(1), NO_MASKS)
  assert.equal(asked(), 1)
})

test('account masks: after a hint the next one waits for what is so now', async () => {
  const { masks } = asking([['first-secret'], ['first-secret', 'second-secret']])
  assert.equal((await masks.of(1)).text('first-secret second-secret'), '•••• second-secret')
  masks.forget(1)
  const asked = masks.of(1)
  assert.ok(asked instanceof Promise)
  assert.equal((await asked).text('first-secret second-secret'), '•••• ••••')
})

test('account masks: a hint that was lost costs a moment, and nobody waits for that', async () => {
  const { masks, clock, asked } = asking([['first-secret'], ['second-secret']])
  const first = await masks.of(1)
  clock.at += limits.variablesCacheMs + 1
  assert.equal(masks.of(1), first)
  assert.equal(masks.of(1), first)
  await nextTurn()
  assert.equal((await masks.of(1)).text('second-secret'), '••••')
  assert.equal(asked(), 2)
})

test('account masks: what was not asked for in a long while is not used', async () => {
  const { masks, clock } = asking([['first-secret'], ['second-secret']])
  await masks.of(1)
  clock.at += 60_000
  assert.equal((await masks.of(1)).text('second-secret'), '••••')
})

test('account masks: values that are the same keep their masks', async () => {
  const { masks, clock } = asking([['first-secret']])
  const first = await masks.of(1)
  clock.at += 60_000
  assert.equal(await masks.of(1), first)
})

test('account masks: who cannot be told is not, and whoever comes next asks again', async () => {
  const { masks, asked } = asking([new Error('its key is gone'), ['first-secret']])
  await assert.rejects(async () => masks.of(1), /its key is gone/)
  assert.equal((await masks.of(1)).text('first-secret'), '••••')
  assert.equal(asked(), 2)
})
