/** A full disk, for real: a small file system that a ballast fills. Needs root, to mount it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { makeFolder } from '../../support/sqlite-folder.ts'
import { event, ids, request } from '../../support/store-values.ts'

const MIB = 1024 * 1024

test('store: [171] a full disk refuses, loses nothing, and serves again when there is room', async (context) => {
  const folder = makeFolder()
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })
  context.after(async () => {
    await store.stop()
    spawnSync('umount', [folder])
    rmSync(folder, { recursive: true })
  })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', folder])
  if (mounted.status !== 0) return context.skip('a file system of its own cannot be mounted here')
  await store.start()
  const ballast = join(folder, 'ballast')
  writeFileSync(ballast, Buffer.alloc(8 * MIB))

  const stored: string[] = []
  const refused = await (async () => {
    for (;;) {
      const large = event({ request: request({ body: new Uint8Array(MIB) }) })
      const failure = await store.admit([large]).then(
        () => undefined,
        (error: unknown) => error as { code: string },
      )
      if (failure) return { failure, id: large.id }
      stored.push(large.id)
    }
  })()
  assert.equal(refused.failure.code, 'store_unavailable')
  assert.ok(stored.length > 0)
  assert.equal(await store.inspect.event(1, refused.id), undefined)

  rmSync(ballast)
  await store.check()
  const small = event()
  assert.equal((await store.admit([small]))[0]!.kind, 'created')
  for (const id of [...stored, small.id]) assert.ok(await store.inspect.event(1, id))
})
