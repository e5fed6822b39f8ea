/** Code steps, compiled and run: what user text may do, where its errors are, what is refused at a save. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AppError } from '../../src/errors.ts'
import { checkSteps, compileProgram, packagesOf } from '../../src/execution/compile.ts'
import type { StepError } from '../../src/model/run.ts'
import type { CodeStep, Step } from '../../src/model/workflow.ts'
import { createStepModules } from '../../src/runner/guest/step-modules.ts'
import { describeThrown } from '../../src/runner/guest/thrown.ts'
import type { RunResult } from '../../src/runner/runner.ts'
import { jobOf, startRunner } from '../support/run-code.ts'

const step = (code: string, name = 'nodejs'): CodeStep => ({ type: 'code', name, code })
let names = 0

type Ran = { readonly error: StepError | null; readonly exports: Record<string, unknown> }

/** Compiles, loads and runs text as the guest does, in this process: a fresh one for each case is slow. */
async function run(code: string): Promise<Ran> {
  const { steps } = compileProgram({ steps: [step(code, `step${++names}`)] }, '')
  const loaded = steps.map(({ source, ...rest }) => ({ ...rest, length: source.length }))
  const sources = steps.map(({ source }) => source)
  const modules = createStepModules(loaded, sources, null)
  const exports: Record<string, unknown> = {}
  try {
    const start = await modules.load(0)
    const $event = {}
    const scope = { $event, $send: {}, steps: {}, console, require: modules.requireOf(0) }
    exports['$return_value'] = await start.call(exports, scope)
    return { error: null, exports }
  } catch (error) {
    return { error: describeThrown(error, loaded), exports }
  }
}

/** The same on the real runner. */
async function runSteps(steps: readonly Step[]): Promise<RunResult> {
  const runner = await startRunner()
  try {
    return await runner.run({ ...jobOf(''), program: compileProgram({ steps }, 'compiled') })
  } finally {
    await runner.stop()
  }
}

function refusal(code: string): AppError {
  try {
    checkSteps([step(code)])
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'step_invalid')
    return error
  }
  return assert.fail(`not refused: ${code}`)
}

const returned: readonly [string, string, unknown][] = [
  ['return', 'return 1', 1],
  ['top-level await', 'return await Promise.resolve(2)', 2],
  ['this', 'this.a = 1; const f = () => { this.b = 2 }; f(); return Object.keys(this)', ['a', 'b']],
  ['strict mode', 'return (function () { return this })() === undefined', true],
  ['no arguments of ours', 'return arguments.length', 0],
  [
    'names of its own over ours',
    'const steps = 1, $event = 2, console = 3; var require = 4; return [steps, $event, console, require]',
    [1, 2, 3, 4],
  ],
  ['a function over ours', 'function $send() { return 5 } return $send()', 5],
  ['import', "import { basename } from 'node:path'\nreturn basename('/a/b')", 'b'],
  ['import without node:', "import path from 'path'; return path.basename('/a/b')", 'b'],
  [
    'import over several lines',
    "import {\n  basename, // the last part\n  /* and */ dirname as folder\n} from 'node:path'\nreturn folder('/a/b') + basename('/c/d')",
    '/ad',
  ],
  [
    'import below other code',
    "const a = [1]\nimport path from 'node:path'\n;[2].map(() => a.push(path.sep))\nreturn a",
    [1, '/'],
  ],
  [
    'import without a semicolon behind code',
    "const f = () => 'kept'\nimport 'node:path'\n('x')\nreturn f()",
    'kept',
  ],
  [
    'import of a name of ours',
    "import console, { log as steps } from 'node:console'\nreturn typeof steps + typeof console.log",
    'functionfunction',
  ],
  ['await import', "return (await import('node:path')).basename('/a/b')", 'b'],
  ['require', "return require('node:path').basename('/a/b') + require('path').sep", 'b/'],
  [
    'types',
    'const a: number = 1 as any; interface B { c: string }\nreturn (a satisfies number) + (2 as number)',
    3,
  ],
  ['a type import', "import type { X } from 'some-package'\nconst a: X = 4\nreturn a", 4],
  [
    'an inline type import',
    "import { type ParsedPath, sep } from 'node:path'\nconst a: ParsedPath | string = sep\nreturn a",
    '/',
  ],
  ['JavaScript that could be types', 'const a = 1, b = 2, c = 3; return a < b > (c)', false],
  ['a comment at the end', 'return 1 // done', 1],
  ['a comment only', '// nothing', undefined],
  ['nothing', '', undefined],
  ['CRLF', 'const a = 1\r\nreturn a\r\n', 1],
  ['a hashbang', '#!/usr/bin/env node\nreturn 1', 1],
  [
    'a name in a comment or a string',
    "// require('axios')\nreturn \"import('axios')\" + `require('axios')`",
    "import('axios')require('axios')",
  ],
  [
    'a method called require',
    "const a = { require: (x) => x }; return a.require('axios')",
    'axios',
  ],
]
for (const [what, code, value] of returned) {
  test(`code step: ${what}`, async () => {
    const { error, exports } = await run(code)
    assert.equal(error, null)
    assert.deepEqual(exports['$return_value'], value)
  })
}

const placed: readonly [string, string, string, number, number][] = [
  ['on line 1', 'null.x', "Cannot read properties of null (reading 'x')", 1, 6],
  ['on line 3', '\n\n        null.x', "Cannot read properties of null (reading 'x')", 3, 14],
  ['after await', 'await 1\n  null.x', "Cannot read properties of null (reading 'x')", 2, 8],
  ['in a function of its own', 'const f = () => {\n  throw new Error("a")\n}\nf()', 'a', 2, 9],
  [
    'behind types',
    'const a: Record<string, "é😀"> = {}\nconst b: any = 1; (a as any).x.y',
    "Cannot read properties of undefined (reading 'y')",
    2,
    32,
  ],
  [
    'behind imports',
    "import {\n  sep\n} from 'node:path'\n  null.x",
    "Cannot read properties of null (reading 'x')",
    4,
    8,
  ],
  [
    'behind an import on its line',
    "import 'node:path'; null.x",
    "Cannot read properties of null (reading 'x')",
    1,
    26,
  ],
  [
    'with CRLF',
    'const a = 1\r\n\r\n  null.x\r\n',
    "Cannot read properties of null (reading 'x')",
    3,
    8,
  ],
  ['behind a hashbang', '#!node\nnull.x', "Cannot read properties of null (reading 'x')", 2, 6],
  [
    'with an address of its own',
    'null.x\n//# sourceURL=evil.js\n//# sourceMappingURL=x.map',
    "Cannot read properties of null (reading 'x')",
    1,
    6,
  ],
  ['assigning $event', '  $event = 1', 'Assignment to constant variable.', 1, 10],
  ['assigning steps', '\nsteps = {}', 'Assignment to constant variable.', 2, 7],
  ['assigning $send', '$send ??= 1; $send = 2', 'Assignment to constant variable.', 1, 20],
  ['an unknown name', 'return scope', 'scope is not defined', 1, 1],
]
for (const [what, code, message, line, column] of placed) {
  test(`code step: an error ${what} has the user's line and column`, async () => {
    const { error } = await run(code)
    assert.deepEqual([error!.message, error!.line, error!.column], [message, line, column])
    assert.ok(!error!.stack.includes('$$step'), error!.stack)
  })
}

test('code step: an import under another name leaves ours in place', async () => {
  const code = "import { log as steps, sep as $event } from 'node:path'\nreturn 1"
  assert.match((await run(code)).error!.message, /does not provide an export named 'log'/)
  const shared = "import { sep as own, posix } from 'node:path'\nreturn typeof $event + own"
  assert.equal((await run(shared)).exports['$return_value'], 'object/')
})

test('code step: a stack shows the frames of the user and no others', async () => {
  const code = 'function f() { throw new Error("a") }\nawait 1\nf()'
  const { outcome } = await runSteps([step(code)])
  const [record] = outcome.steps
  assert.equal(record!.error!.stack, 'Error: a\n    at f (nodejs:1:22)\n    at nodejs:3:1')
})

test('code step: any line that throws is the line that is shown', async () => {
  const above = fc.constantFrom(
    '',
    '{ const a: number = 1 }',
    '// x',
    '/* a\nb */',
    ';`a\n${1}`',
    "import 'node:path'",
    '\r',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(above, { maxLength: 5 }), fc.nat(9), async (lines, indent) => {
      const head = [...lines, ''].join('\n')
      const { error } = await run(`${head}${' '.repeat(indent)}throw new Error("here")`)
      const line = head.split(/\r?\n|\r/).length
      assert.deepEqual([error!.line, error!.column], [line, indent + 7])
    }),
    { numRuns: 50 },
  )
})

const invalid: readonly [string, RegExp, number, number][] = [
  ['const a = ;', /Unexpected token ';' \(line 1, column 11\)$/, 1, 11],
  ['let a\n\n\tconst b = ;', /Unexpected token ';'/, 3, 12],
  ['const a: number = 1\nconst b = ;', /Expression expected/, 2, 11],
  ["import 'node:path'\nlet a = (", /Unexpected end: something is not closed/, 2, 10],
  ['if (a) {\n  b()\n', /Unexpected end/, 3, 1],
  ['return `a', /Unexpected end/, 1, 10],
  ['function f() { await 1 }', /await is only valid in async functions/, 1, 16],
  ['let a; let a', /Identifier 'a' has already been declared/, 1, 12],
  ['with (a) {}', /Strict mode code may not include a with statement/, 1, 1],
  ['a\r\nb\r\n]', /Unexpected token '\]'/, 3, 1],
  ["import a from 'fs'\nimport { b as a } from 'os'", /it imports a twice/, 2, 1],
  ['const a = <string>b', /`<T>expr` is not supported: Instead, use the 'as' syntax/, 1, 11],
  ['enum A { B }', /TypeScript enum is not supported: only types that can be erased are/, 1, 1],
  ['const a = 1\nenum A {\n  B\n}', /TypeScript enum is not supported/, 2, 1],
  ['namespace A { export const b = 1 }', /TypeScript namespace declaration is not supported/, 1, 1],
  [
    'class A { constructor(private b: string) {} }',
    /TypeScript parameter property is not supported/,
    1,
    31,
  ],
  ['export const a = 1', /a step cannot export: set this\.name, or return a value/, 1, 14],
  ['const a = 1\nexport { a }', /a step cannot export/, 2, 10],
  ["export * from 'node:path'", /a step cannot export|only/, 1, 8],
  ['return import.meta.url', /a step has no import\.meta/, 1, 8],
  ['} evil(); async function x(){', /Unexpected identifier 'evil'/, 1, 3],
  ['}}); evil(); (async function x(){{', /Unexpected token|expected/i, 1, 2],
]
for (const [code, message, line, column] of invalid) {
  test(`code step: ${JSON.stringify(code)} is refused with its place`, () => {
    const error = refusal(code)
    assert.match(error.message, message)
    assert.deepEqual([error.values['line'], error.values['column']], [line, column])
    assert.ok(error.message.startsWith('Cannot save step nodejs: '))
  })
}

test('[R69] code step: no text gets out of its function', () => {
  const escapes = [
    '}); evil(); (async function x(){',
    '}[x] = async function () {',
    '}, async function () {',
    '}} evil(); { async function x() {{',
    '}\nexport const a = 1; async function x() {',
    '}}\nexport function y() { async function x() {',
    '*/ } evil() /*',
    '/* ',
    '`${',
    '}; `',
  ]
  for (const text of escapes) refusal(text)
})

const rangesOf = (steps: readonly Step[]): [string, string][] =>
  [...packagesOf(steps)].map(([name, { range }]) => [name, range])

const wanted: readonly [string, readonly [string, string][]][] = [
  ["import axios from 'axios'", [['axios', '*']]],
  ['import { a } from "axios@1"', [['axios', '1']]],
  ["import a from '@scope/name@4.17/sub'", [['@scope/name', '4.17']]],
  ["import 'lodash/fp'", [['lodash', '*']]],
  ["const a = require('axios')", [['axios', '*']]],
  ["const a = require ( 'axios' )", [['axios', '*']]],
  ["await import('got')", [['got', '*']]],
  ["const { get } = (await import('lodash')).default", [['lodash', '*']]],
  ["return require('lodash@4').get($event, 'a')", [['lodash', '4']]],
  ["const a: import('got').Options = {}", []],
  ["const a: string = require('axios')", [['axios', '*']]],
  ["import type { A } from 'axios'; import fs from 'node:fs'; require('path')", []],
  ["'import a from \"axios\"' // require('got')", []],
]
for (const [code, expected] of wanted) {
  test(`code step: ${code} asks for ${expected.join(' ') || 'no package'}`, () => {
    assert.deepEqual(rangesOf([step(code)]), expected)
  })
}

test('code step: an import that fails is shown at its place, without what is ours', async (t) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'sendoff-imports-')))
  t.after(() => rm(folder, { recursive: true, force: true }))
  // Guests are another user where the tests run as root.
  await chmod(folder, 0o755)
  for (const [name, text] of [
    ['plain', 'module.exports = Object.assign({}, { a: 1 })'],
    ['broken', "throw new Error('not today')"],
    ['odd', "throw Object.freeze(new Error('frozen'))"],
  ] as const) {
    await mkdir(join(folder, 'node_modules', name), { recursive: true })
    await writeFile(join(folder, 'node_modules', name, 'index.js'), text)
  }
  const runner = await startRunner()
  t.after(() => runner.stop())
  const cjs = `Named export 'a' not found. The requested module 'plain' is a CommonJS module, which may not support all module.exports as named exports. Import it whole, as in import pkg from 'plain', and take what you need from it.`
  for (const [code, line, column, message] of [
    ["import { a } from 'plain'\nreturn a", 1, 1, cjs],
    ["import fs from 'fs'\n\n  import { a as b } from 'plain@1'; return b", 3, 3, cjs],
    [
      "import os from 'os'\nimport { nope } from 'node:fs'",
      2,
      1,
      "The requested module 'node:fs' does not provide an export named 'nope'",
    ],
    ["\nimport x from 'plain/deep'", 2, 1, "Cannot find module 'plain/deep'"],
    ["// no\nimport 'broken'", 2, 1, 'not today'],
    ["import 'odd'", null, null, 'frozen'],
    ["import { join } from 'path'\nthrow new Error(join('a', 'b'))", 2, 7, 'a/b'],
  ] as const) {
    const program = compileProgram({ steps: [step(code)] }, code, folder)
    const { outcome } = await runner.run({ ...jobOf(''), program })
    const error = outcome.steps[0]!.error!
    assert.deepEqual([error.line, error.column, error.message], [line, column, message], code)
    assert.ok(!/sendoff:steps|node_modules|export default/.test(error.stack), error.stack)
  }
})

test('code step: a package is asked for once, and by one range', () => {
  const asked = (...codes: string[]) => rangesOf(codes.map((code, n) => step(code, `s${n}`)))
  assert.deepEqual(asked("require('b'); require('a')", "require('a@^2')", "require('a')"), [
    ['a', '^2'],
    ['b', '*'],
  ])
  assert.throws(() => asked("require('a@1')", "require('a@2')"), {
    message: /^Cannot save step s1: it imports a@2 and step s0 imports a@1/,
  })
})

const unimportable: readonly [string, string][] = [
  ["import a from './a.js'", '"./a.js"'],
  ["require('/etc/passwd')", '"/etc/passwd"'],
  ["await import('https://example.com/a.js')", '"https://example.com/a.js"'],
  ["import a from 'node:nothing'", '"node:nothing"'],
]
for (const [code, named] of unimportable) {
  test(`code step: ${code} is refused by name`, () => {
    const { message } = refusal(code)
    assert.ok(message.includes(`it imports ${named}`), message)
  })
}

test('code step: what an import names only when it runs is not refused', () => {
  checkSteps([step("const name = 'node:' + 'path'; await import(name); require(name)")])
})

test('compile: notes are left out, and positions count them', () => {
  const steps: Step[] = [
    { type: 'note', name: 'n', text: 'x' },
    step('', 'a'),
    { type: 'note', name: 'm', text: '' },
    step('', 'b'),
  ]
  const program = compileProgram({ steps }, 'wf_1@3')
  assert.deepEqual(
    program.steps.map(({ name, type, position }) => [name, type, position]),
    [
      ['a', 'code', 1],
      ['b', 'code', 3],
    ],
  )
  assert.deepEqual([program.id, program.packages], ['wf_1@3', null])
})

test('compile: the step that does not compile is named', () => {
  const steps = [step('', 'good'), step('(', 'bad one')]
  assert.throws(() => checkSteps(steps), { message: /^Cannot save step bad one: / })
})

test('compile: steps see $event and the exports of those before them', async () => {
  const { outcome } = await runSteps([
    step('$event.seen = 1; this.x = 2; return 3', 'a'),
    step('return [$event.seen, steps.a.x, steps.a.$return_value, steps.trigger.event.seen]', 'b'),
  ])
  assert.deepEqual(outcome.steps[1]!.exports, { $return_value: [1, 2, 3, null] })
})

test('compile: no text makes it throw anything but a step_invalid', () => {
  const word = fc.constantFrom(
    ...'{ } ( ) [ ] ; , => return await import export from " \' ` ${ // /* */ require class enum a : number = 1 < > \n / \\ async function #!'.split(
      ' ',
    ),
  )
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
      (code) => {
        try {
          checkSteps([step(code)])
        } catch (error) {
          assert.ok(error instanceof AppError, String(error))
          const { line = 1 } = error.values
          assert.ok(Number(line) >= 1 && Number(line) <= code.split('\n').length)
        }
      },
    ),
    { numRuns: 500 },
  )
})
