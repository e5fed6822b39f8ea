/** Requests that hold secrets: what is sealed comes back to who sends, and to nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewDelivery, SealedRequest } from '../../../src/model/delivery.ts'
import { limits } from '../../../src/model/limits.ts'
import { attempt, delivery, event, run, send, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyOrigin, onStore } from './opened-store.ts'

const sealed: SealedRequest = { bytes: Uint8Array.of(1, 0, 255, 7), bodySize: 99 }
const url = 'https://dest.example/hook?token=••••4f1d&page=2'
const hidden = (over: Partial<NewDelivery> = {}, index = 0): NewDelivery =>
  delivery({ sealed, ...over }, { index, url, headers: [['authorization', '••••4f1d']] })

export function sealedRequestsConformance(name: string, open: Open): void {
  test(
    `${name} sealed requests: what waits is shown as it stands, and adopted with what is sealed`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      const sends = [
        hidden({ leased: false }),
        delivery({ leased: false }, { index: 1 }),
        hidden({ leased: false, send: send({ index: 2, body: null }) }, 2),
        hidden({ leased: false, sealed: { bytes: new Uint8Array(70_000), bodySize: 0 } }, 3),
      ]
      await store.finish(run(accepted), sends)
      const shown = (await detail(store, accepted)).deliveries
      assert.deepEqual(
        shown.map((one) => [one.send, one.sealed]),
        sends.map((one) => [one.send, one.sealed && { bodySize: one.sealed.bodySize }]),
      )
      const tasks = await store.adoptDeliveries(everyOrigin)
      assert.deepEqual(
        tasks.map((task) => [task.send, task.sealed && Buffer.from(task.sealed)]),
        sends.map((one) => [one.send, one.sealed && Buffer.from(one.sealed.bytes)]),
      )
    }),
  )

  test(
    `${name} sealed requests: it stays sealed through a retry, a crash and a redelivery`,
    onStore(open, async (store, { clock, crash }) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [hidden()])
      const failed = attempt({ outcome: 'failed', code: 'reset' })
      await store.settle([
        settlement(accepted, { attempt: failed, status: 'pending', dueAt: clock.at }),
      ])
      const bytesOf = async (of: typeof store) => {
        const [task] = await of.adoptDeliveries(everyOrigin)
        return [task!.attempt, Buffer.from(task!.sealed!).toString('hex')]
      }
      assert.deepEqual(await bytesOf(store), [2, '0100ff07'])
      const next = await crash()
      assert.deepEqual(await bytesOf(next), [3, '0100ff07'])
      const third = attempt({ number: 3 })
      await next.settle([settlement(accepted, { attempt: third })])
      await next.redeliver(1, { eventId: accepted.id, step: 0, index: 0 })
      assert.deepEqual(await bytesOf(next), [4, '0100ff07'])
    }),
  )

  test(
    `${name} sealed requests: the list tells and searches the address as it may be shown`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [hidden(), delivery({}, { index: 1 })])
      const found = async (q: string) =>
        (await store.inspect.listDeliveries(1, { q }, 10, null)).data.map((row) => row.url)
      assert.deepEqual(await found('page=2'), [url])
      assert.deepEqual(await found('••••4f1d'), [url])
      // As those of earlier versions are, which were never sealed.
      const plain = delivery({}, { index: 2, url: 'https://dest.example/old-canary-4f1d' })
      const other = event()
      await store.admit([other])
      await store.finish(run(other), [plain])
      assert.deepEqual(await found('canary'), [plain.send.url])
      const filter = { q: 'canary', hidden: ['old-canary-4f1d'] }
      assert.deepEqual((await store.inspect.listDeliveries(1, filter, 10, null)).data, [])
    }),
  )

  test(
    `${name} sealed requests: what is sealed counts among the bytes of one adoption`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      const large = { bytes: new Uint8Array(limits.adoptBytes), bodySize: limits.adoptBytes }
      await store.finish(run(accepted), [
        hidden({ leased: false, sealed: large }),
        hidden({ leased: false }, 1),
      ])
      assert.equal((await store.adoptDeliveries(everyOrigin)).length, 1)
      assert.equal((await store.adoptDeliveries(everyOrigin)).length, 1)
    }),
  )
}
