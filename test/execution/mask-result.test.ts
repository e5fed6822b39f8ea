/** What a run says of itself, without its secrets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskResult } from '../../src/execution/mask-result.ts'
import { createMask, maskNothing } from '../../src/model/redact-values.ts'
import { outcome, send } from '../support/store-values.ts'

const [step] = outcome().steps
const logged = (text: string) =>
  outcome({
    steps: [{ ...step!, logs: [{ at: 1, level: 'log', text }], exports: { [text]: text } }],
  })
const bearing = send({ headers: [['Authorization', 'Bearer fetched-token-1']] })

test('mask result: a run that wrote no secret is handed back as it is', () => {
  const result = { outcome: logged('nothing'), sends: [bearing] }
  assert.equal(maskResult(result, maskNothing), result)
})

test('[220] mask result: what its requests carry by name is masked in what its steps wrote', () => {
  const result = { outcome: logged('got fetched-token-1 for value-1'), sends: [bearing] }
  const masked = maskResult(result, createMask(['value-1']))
  const { logs, exports } = masked.outcome.steps[0]!
  assert.equal(logs[0]!.text, 'got •••• for ••••')
  assert.deepEqual(exports, { 'got •••• for ••••': 'got •••• for ••••' })
  assert.equal(masked.sends, result.sends)
})

test('mask result: of thousands of tokens some are looked for, and the run is not held up', () => {
  const sends = Array.from({ length: 1_000 }, (_, i) =>
    send({ index: i, headers: [['x-api-key', `fetched-token-${i}`]] }),
  )
  const { outcome: masked } = maskResult({ outcome: logged('fetched-token-7'), sends }, maskNothing)
  assert.equal(masked.steps[0]!.logs[0]!.text, '••••')
})
