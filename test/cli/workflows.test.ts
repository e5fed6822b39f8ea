/** Workflows as files: what is pulled can be changed, compared and pushed, here or to another server. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lineDiff } from '../../src/cli/line-diff.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { runCommand } from '../support/run-command.ts'
import { ADMIN_TOKEN, startApp } from '../support/app.ts'

const steps = [
  { type: 'code', name: 'Greet / all', code: 'console.log(1)\nreturn 2' },
  { type: 'note', name: 'why', text: 'because' },
  { type: 'webhook', name: 'send', url: 'https://example.com/', payload: '$event.body' },
]

test('cli: workflows are pulled as files, compared, and pushed back', async (t) => {
  const { api, url } = await startApp(t)
  const env = { SENDOFF_URL: url, SENDOFF_TOKEN: ADMIN_TOKEN }
  const root = await mkdtemp(join(tmpdir(), 'sendoff-files-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const made = await api.call<WorkflowWire>('POST', '/workflows', { name: 'Orders / EU', steps })

  assert.equal((await runCommand(['workflows', 'pull', root], env)).code, 0)
  assert.deepEqual(await readdir(root), ['orders-eu'])
  const folder = join(root, 'orders-eu')
  assert.deepEqual((await readdir(folder)).toSorted(), ['greet-all.js', 'workflow.json'])
  assert.equal(await readFile(join(folder, 'greet-all.js'), 'utf8'), steps[0]!.code)
  assert.deepEqual(await runCommand(['workflows', 'diff', root], env), {
    code: 0,
    stdout: '',
    stderr: '',
  })

  await writeFile(join(folder, 'greet-all.js'), 'console.log(1)\nreturn 3')
  const diff = await runCommand(['workflows', 'diff', root], env)
  assert.equal(diff.code, 1)
  assert.match(
    diff.stdout,
    /greet-all\.js\n {4}console\.log\(1\)\n {2}- return 2\n {2}\+ return 3\n/,
  )
  const pushed = await runCommand(['workflows', 'push', root, '--json'], env)
  assert.deepEqual(JSON.parse(pushed.stdout), { folder, id: made.id, version: 2 })
  const saved = await api.call<WorkflowWire>('GET', `/workflows/${made.id}`)
  assert.deepEqual(saved.steps, [
    { ...steps[0], code: 'console.log(1)\nreturn 3' },
    ...steps.slice(1),
  ])
  assert.equal((await runCommand(['workflows', 'diff', root], env)).code, 0)

  await api.call('PATCH', `/workflows/${made.id}`, { name: 'Renamed' })
  assert.equal((await runCommand(['workflows', 'pull', root], env)).code, 0)
  assert.deepEqual(await readdir(root), ['orders-eu'], 'the folder keeps its name')
})

test('cli: a folder without an id becomes a workflow, and its id is written down', async (t) => {
  const { api, url } = await startApp(t)
  const env = { SENDOFF_URL: url, SENDOFF_TOKEN: ADMIN_TOKEN }
  const root = await mkdtemp(join(tmpdir(), 'sendoff-files-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'new'))
  const manifest = { name: 'New', steps: [{ type: 'code', name: 'a', file: 'own.ts' }] }
  await writeFile(join(root, 'new', 'workflow.json'), JSON.stringify(manifest))
  await writeFile(join(root, 'new', 'own.ts'), 'return 1 as number')

  assert.equal((await runCommand(['workflows', 'push', root], env)).code, 0)
  const { data } = await api.call<{ data: WorkflowWire[] }>('GET', '/workflows')
  assert.deepEqual(data[0]!.steps, [{ type: 'code', name: 'a', code: 'return 1 as number' }])
  const written = JSON.parse(await readFile(join(root, 'new', 'workflow.json'), 'utf8')) as object
  assert.deepEqual(written, { id: data[0]!.id, ...manifest })

  // A folder that was mistyped, or is one workflow's own, would be pushed in silence.
  for (const [folder, reason] of [
    [join(root, 'nowhere'), 'there is no such folder'],
    [join(root, 'new'), 'no folder in it has a workflow.json'],
  ] as const) {
    for (const command of ['push', 'diff']) {
      const ended = await runCommand(['workflows', command, folder], env)
      assert.deepEqual([ended.code, ended.stderr], [2, `Cannot read ${folder}: ${reason}\n`])
    }
  }

  const listed = await runCommand(['workflows', 'list'], env)
  assert.ok(listed.stdout.startsWith(`${data[0]!.id}  v1  http`), listed.stdout)
  await writeFile(join(root, 'new', 'workflow.json'), '{"steps":[{"file":"../../x"}]}')
  const refused = await runCommand(['workflows', 'push', root], env)
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /Cannot read .*workflow\.json: \.\.\/\.\.\/x is not the name of a file/,
  )
})

test('line diff: what goes and what comes is marked, with two lines around', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
  const after = ['a', 'b', 'c', 'd', 'E', 'f', 'g', 'x', 'h', 'i']
  assert.deepEqual(lineDiff(before.join('\n'), after.join('\n')), [
    '  ...',
    '  c',
    '  d',
    '- e',
    '+ E',
    '  f',
    '  g',
    '+ x',
    '  h',
    '  i',
  ])
  assert.deepEqual(lineDiff('a', 'a'), [])
})
