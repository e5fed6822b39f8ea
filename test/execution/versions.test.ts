/** Versions as they are kept: what cannot be run now may be run later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/errors.ts'
import { Versions } from '../../src/execution/versions.ts'
import { definition, event } from '../support/store-values.ts'

const packages = { hash: 'a'.repeat(64), versions: { some: '1.0.0' } }

test('versions: one whose packages could not be installed is tried again after a minute', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  let tries = 0
  const folderOf = async () => {
    const reason = 'the disk is full'
    if (++tries === 1) throw new AppError('package_unavailable', { name: 'some', reason })
    return '/packages'
  }
  const prepare = () => assert.fail('these steps are saved')
  const waiting = { ...event(), starts: 0 }
  const { workflowId } = waiting
  const saved = { ...definition({ steps: [{ type: 'code', name: 'a', code: '' }] }), packages }
  const findVersion = async () => ({ ...saved, workflowId, version: 1, createdAt: 0 })
  const versions = new Versions({ store: { findVersion }, packages: { folderOf, prepare } })
  assert.equal((await versions.load(waiting)).kind, 'misfit')
  assert.equal((await versions.load(waiting)).kind, 'misfit')
  assert.equal(tries, 1)
  context.mock.timers.tick(60_000)
  assert.equal((await versions.load(waiting)).kind, 'runnable')
})
