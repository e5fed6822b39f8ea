/** Identifiers: their text, and what can be read back from it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as holds, integer, property, tuple, uint8Array } from 'fast-check'
import {
  deliveryId,
  encodeId,
  eventIdOfRun,
  hexOf,
  isEventId,
  parseDeliveryId,
  runIdOf,
  uuidV7,
} from '../../src/model/ids.ts'

const bytes = uint8Array({ minLength: 16, maxLength: 16 })

test('ids: the text of 16 bytes keeps their order and gives them back', () => {
  holds(
    property(tuple(bytes, bytes), ([a, b]) => {
      const [left, right] = [encodeId(a), encodeId(b)]
      assert.equal(Math.sign(left < right ? -1 : Number(left > right)), Buffer.compare(a, b))
      assert.equal(hexOf(`evt_${left}`), Buffer.from(a).toString('hex'))
      assert.ok(isEventId(`evt_${left}`))
    }),
  )
})

test('ids: run and delivery are derived from the event, and lead back to it', () => {
  holds(
    property(
      bytes,
      integer({ min: 0, max: 255 }),
      integer({ min: 0, max: 4_095 }),
      (id, step, index) => {
        const eventId = `evt_${encodeId(id)}`
        assert.equal(eventIdOfRun(runIdOf(eventId)), eventId)
        const delivery = deliveryId(eventId, step, index)
        assert.deepEqual(parseDeliveryId(delivery), { eventId, step, index })
        assert.ok(!delivery.includes('.'), 'webhook-id must hold no dot')
      },
    ),
  )
})

test('ids: an id of version 7 says so and sorts by time', () => {
  const random = new Uint8Array(10).fill(255)
  const hex = hexOf(`evt_${encodeId(uuidV7(1_800_000_000_000, random))}`)
  assert.equal(Number.parseInt(hex.slice(0, 12), 16), 1_800_000_000_000)
  assert.match(hex, /^.{12}7.{3}[89ab]/)
})
