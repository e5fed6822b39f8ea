/**
 * npm packages from a save to a run (SPEC section 3), with a registry of our own: what is pinned, what is
 * told to whoever saves, and what no package may bring along.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent, request } from 'undici'
import type { SaveLine, WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { ADMIN_TOKEN, startApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { startRegistry } from '../support/registry.ts'
import type { TestPackage } from '../support/registry.ts'

const left = (version: string): TestPackage => ({
  name: 'left',
  version,
  files: { 'index.js': `module.exports = 'left ${version}'` },
})
const code = (text: string, name = 'nodejs'): object => ({ type: 'code', name, code: text })
const body = (...steps: readonly object[]): object => ({ name: 'Test', steps })

type Answer = { status: number; type: string; text: string }

async function save(
  app: TestApp,
  method: string,
  path: string,
  sent: object,
  accept = 'application/json',
): Promise<Answer> {
  const { statusCode, headers, body } = await request(`${app.url}/api/v1${path}`, {
    method: method as 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', accept },
    body: JSON.stringify(sent),
    dispatcher: new Agent({ pipelining: 0 }),
  })
  return { status: statusCode, type: String(headers['content-type']), text: await body.text() }
}

/** What the newest event's first step returned. */
async function returned(app: TestApp, workflow: WorkflowWire): Promise<unknown> {
  assert.equal((await app.send(workflow)).status, 200)
  const { run } = await app.settled(workflow)
  assert.equal(run!.message, null)
  return run!.steps[0]!.exports['$return_value']
}

test('packages: a save resolves and installs what steps import, and pins exact versions', async (t) => {
  const registry = await startRegistry(t, left('1.0.0'), left('1.2.0'))
  const app = await startApp(t)
  const made = await app.workflow([code("import left from 'left@1'\nreturn left")])
  assert.deepEqual(made.packages, { left: '1.2.0' })
  assert.equal(await returned(app, made), 'left 1.2.0')

  registry.add(left('1.3.0'), left('2.0.0'))
  const patch = (change: object) =>
    app.api.call<WorkflowWire>('PATCH', `/workflows/${made.id}`, change)
  const same = await patch({ steps: [code("import left from 'left@1'\nreturn left + '!'")] })
  assert.deepEqual([same.version, same.packages], [2, { left: '1.2.0' }], 'a pin stays')
  const other = await patch({ steps: [code("return require('left@2')")] })
  assert.deepEqual([other.version, other.packages], [3, { left: '2.0.0' }], 'a new range moves it')
  assert.equal(await returned(app, other), 'left 2.0.0')
  const none = await patch({ steps: [code('return 1')] })
  assert.equal(none.packages, undefined)

  const version = await app.api.call<WorkflowWire>('GET', `/workflows/${made.id}/versions/1`)
  assert.deepEqual(version.packages, { left: '1.2.0' })
})

test('packages: a package that cannot be had fails the save, naming it and its place', async (t) => {
  await startRegistry(t, left('1.0.0'))
  const app = await startApp(t)
  const made = await app.workflow([code('return 1')])
  const put = async (...steps: object[]) => {
    const { status, text } = await save(app, 'PUT', `/workflows/${made.id}`, body(...steps))
    const { detail, step, line, column } = JSON.parse(text)
    return [status, detail, step, line, column]
  }
  assert.deepEqual(await put(code("\n  const right = require('right')", 'two')), [
    400,
    'Cannot install package right: the npm registry has no such package (step two, line 2, column 17)',
    'two',
    2,
    17,
  ])
  assert.deepEqual(await put(code("import left from 'left@^7'")), [
    400,
    'Cannot install package left: no version of it fits "^7" (step nodejs, line 1, column 1)',
    'nodejs',
    1,
    1,
  ])
  assert.deepEqual(await put(code("require('left@1')", 'a'), code("require('left@2')", 'b')), [
    400,
    'Cannot save step b: it imports left@2 and step a imports left@1, a workflow has one version of a package: use one range (line 1, column 1)',
    'b',
    1,
    1,
  ])
  const now = await app.api.call<WorkflowWire>('GET', `/workflows/${made.id}`)
  assert.equal(now.version, 1, 'nothing was stored')
})

test('packages: who saves and asks for lines is told how far it is', async (t) => {
  await startRegistry(t, left('1.0.0'))
  const app = await startApp(t)
  const lines = async (...steps: object[]): Promise<SaveLine[]> => {
    const asked = 'application/x-ndjson, application/problem+json'
    const { status, type, text } = await save(app, 'POST', '/workflows', body(...steps), asked)
    assert.deepEqual([status, type], [200, 'application/x-ndjson; charset=utf-8'])
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SaveLine)
  }
  const [first, second, last, ...more] = await lines(code("return require('left')"))
  assert.deepEqual(
    [first, second],
    [{ progress: 'Resolving left' }, { progress: 'Installing 1 package' }],
  )
  assert.ok('result' in last! && last.result.version === 1 && more.length === 0)
  assert.deepEqual(last.result.packages, { left: '1.0.0' })
  const [quick] = await lines(code('return 1'))
  assert.ok('result' in quick!, 'a save that installs nothing has one line')
  const [, problem] = await lines(code("require('right')"))
  assert.ok('problem' in problem! && problem.problem.code === 'package_unavailable')
  const early = await save(
    app,
    'POST',
    '/workflows',
    body(code('return (')),
    'application/x-ndjson',
  )
  assert.equal(early.status, 400)
  assert.match(early.type, /^application\/problem\+json/)
})

test('packages: what was installed once is installed again without the registry', async (t) => {
  const registry = await startRegistry(t, left('1.0.0'), left('1.1.0'))
  // The other tests have the strictest level there is: packages are to be read at each.
  const app = await startApp(t, { SENDOFF_ISOLATION: 'process' })
  const steps = [code("return require('left@^1.0')")]
  await app.workflow(steps)
  await registry.stop()
  const offline = await app.workflow([...steps, code("return require('left')", 'b')])
  assert.deepEqual(offline.packages, { left: '1.1.0' })
  const changed = await app.workflow([code("return require('left@>=1.1')")])
  assert.equal(await returned(app, changed), 'left 1.1.0')
})
