/** What holds the UI together and apart: whom its files may import, and that each says what it is for. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '../..')
const IMPORT = /^(?:import|export)\s+(?:type\s+)?(?:[^'"()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm

const files = readdirSync(join(root, 'web'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => {
    const file = join(entry.parentPath, entry.name)
    const text = readFileSync(file, 'utf8')
    const imports = [...text.matchAll(IMPORT)].map(([, target]) =>
      target!.startsWith('.') ? relative(root, resolve(dirname(file), target!)) : target!,
    )
    return { path: relative(root, file), text, imports }
  })

const offenders = (rule: (file: (typeof files)[number]) => readonly string[]): string[] =>
  files.flatMap((file) => rule(file).map((what) => `${file.path}: ${what}`))

test('UI: of the server it knows the shapes of the API, and nothing else', () => {
  const found = offenders(({ imports }) =>
    imports.filter(
      (target) => target.startsWith('src/') && !/^src\/inspector\/wire[\w-]*\.ts$/.test(target),
    ),
  )
  assert.deepEqual(found, [])
})

test('UI: its models are pure: they import models, shapes and nothing of the page', () => {
  const found = offenders(({ path, imports }) =>
    path.startsWith('web/model/')
      ? imports.filter((target) => !/^(?:web\/model|src\/inspector\/wire)/.test(target))
      : [],
  )
  assert.deepEqual(found, [])
})

test('UI: the code editor is reached by a dynamic import only', () => {
  const found = offenders(({ path, text }) =>
    path.startsWith('web/editor/code/')
      ? []
      : text.split('\n').filter((line) => /^(?:import (?!type)|\}).*\/code\/[^/]+'$/.test(line)),
  )
  assert.deepEqual(found, [])
})

test('UI: each file opens with what it is for, and none is longer than 600 lines', () => {
  const found = offenders(({ text }) => [
    ...(text.startsWith('/**') ? [] : ['no header']),
    ...(text.split('\n').length > 600 ? ['too long'] : []),
  ])
  assert.deepEqual(found, [])
})
