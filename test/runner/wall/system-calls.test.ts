/**
 * The system call filter: its numbers against the kernel's own header, its program run call by call, and
 * the real kernel asked from inside by native code, as somebody who broke out of V8 would.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { seccompFilter } from '../../../src/runner/seccomp.ts'
import {
  FIRST_UNKNOWN_CALL,
  REFUSED_CALLS,
  SPECIAL_CALLS,
} from '../../../src/runner/system-calls.ts'
import { jobOf, startRunner } from '../../support/run-code.ts'
import { lacks, wallOf } from '../../support/walls.ts'

const COLUMNS = { x64: 0, arm64: 1 } as const
const ARCHITECTURES = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const
const HEADERS = {
  x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  arm64: '/usr/include/asm-generic/unistd.h',
} as const
const ALLOWED = 0x7fff_0000
const KILLED = 0x8000_0000
const EPERM = 0x0005_0001
const ENOSYS = 0x0005_0026

type Call = { readonly arch: number; readonly number: number; readonly argument?: number }

/** Runs the filter as the kernel would: accumulator, jumps forward, an answer at the end. */
function answerTo(filter: Uint8Array, { arch, number, argument = 0 }: Call): number {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.length)
  const data = new Map([
    [0, number],
    [4, arch],
    [16, argument],
  ])
  let accumulator = 0
  for (let at = 0; at * 8 < filter.length; at++) {
    const value = view.getUint32(at * 8 + 4, true)
    const jump = (isTrue: boolean): number => view.getUint8(at * 8 + (isTrue ? 2 : 3))
    switch (view.getUint16(at * 8, true)) {
      case 0x20:
        accumulator = data.get(value)!
        break
      case 0x15:
        at += jump(accumulator === value)
        break
      case 0x35:
        at += jump(accumulator >= value)
        break
      case 0x45:
        at += jump((accumulator & value) !== 0)
        break
      case 0x06:
        return value
      default:
        assert.fail('an instruction that the filter should not have')
    }
  }
  return assert.fail('the filter ended without an answer')
}

for (const machine of ['x64', 'arm64'] as const) {
  const column = COLUMNS[machine]
  const arch = ARCHITECTURES[machine]
  const filter = seccompFilter(machine)!
  const ask = (number: number, argument?: number): number =>
    answerTo(filter, { arch, number, ...(argument === undefined ? {} : { argument }) })

  test(`system calls: on ${machine} each call of the table is refused, and nothing beside it`, () => {
    const refused = new Set(Object.values(REFUSED_CALLS).map((numbers) => numbers[column]))
    const special = new Set<number>(Object.values(SPECIAL_CALLS).map((numbers) => numbers[column]))
    for (let number = 0; number < FIRST_UNKNOWN_CALL; number++) {
      if (special.has(number)) continue
      assert.equal(ask(number), refused.has(number) ? EPERM : ALLOWED, `call ${number}`)
    }
    assert.equal(ask(FIRST_UNKNOWN_CALL), ENOSYS)
    assert.equal(ask(10_000), ENOSYS)
  })

  test(`system calls: on ${machine} clone makes threads and nothing else`, () => {
    const clone = SPECIAL_CALLS.clone[column]
    const THREAD = 0x3d_0f00
    assert.equal(ask(clone, THREAD), ALLOWED)
    assert.equal(ask(clone, 0x11), EPERM)
    for (const fresh of [0x80, 0x2_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000])
      assert.equal(ask(clone, THREAD | fresh), EPERM, `flag ${fresh}`)
    assert.equal(ask(SPECIAL_CALLS.clone3[column]), ENOSYS)
    assert.equal(ask(SPECIAL_CALLS.prctl[column], 1), EPERM)
    assert.equal(ask(SPECIAL_CALLS.prctl[column], 15), ALLOWED)
  })

  test(`system calls: on ${machine} calls by another convention end the process`, () => {
    for (const other of [0x4000_0003, 0x4000_0028, 0, ...Object.values(ARCHITECTURES)])
      if (other !== arch) assert.equal(answerTo(filter, { arch: other, number: 0 }), KILLED)
    assert.equal(ask(0x4000_0000), KILLED)
    assert.equal(ask(0x4000_0029), KILLED)
  })

  const header = HEADERS[machine]
  const skip = existsSync(header) ? false : `linux-libc-dev is not installed: ${header}`
  test(`system calls: the numbers of ${machine} are those of the kernel’s header`, { skip }, () => {
    const known = new Map(
      [...readFileSync(header, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)].map(
        ([, name, number]) => [name!, Number(number)],
      ),
    )
    for (const [name, numbers] of Object.entries({ ...REFUSED_CALLS, ...SPECIAL_CALLS })) {
      // A header older than a call does not know it; from 424 on, numbers are the same everywhere.
      if (numbers[column] !== null && numbers[column] >= 447 && !known.has(name)) continue
      assert.equal(known.get(name) ?? null, numbers[column], name)
    }
  })
}

test('system calls: an architecture without a table has no filter', () => {
  assert.equal(seccompFilter('riscv64'), null)
})

const ONLY_X64 = process.arch === 'x64' ? lacks('kernel alone') : 'the numbers are of x86-64'

test(
  'system calls: native code inside is refused each of them by the running kernel',
  { skip: ONLY_X64 },
  async () => {
    const runner = await startRunner({ isolation: await wallOf('kernel alone'), blanks: 0 })
    const numbers = Object.fromEntries(
      Object.entries(REFUSED_CALLS).flatMap(([name, [number]]) =>
        number === null ? [] : [[name, number]],
      ),
    )
    const { outcome } = await runner.run(
      jobOf(`
      const { DynamicLibrary, getInt32 } = require('node:ffi')
      const libc = new DynamicLibrary('libc.so.6')
      const long = ['i64', 'i64', 'i64', 'i64', 'i64']
      const call = libc.getFunction('syscall', { arguments: long, return: 'i64' })
      const errno = libc.getFunction('__errno_location', { return: 'pointer' })
      const ask = (number, first = 0n) => call(BigInt(number), first, 0n, 0n, 0n) === -1n ? getInt32(errno()) : 0
      const refused = Object.entries(${JSON.stringify(numbers)}).map(([name, number]) => [name, ask(number)])
      return { refused, getpid: ask(39), fork: ask(56, 17n), clone3: ask(435), unknown: ask(900) }`),
    )
    await runner.stop()
    assert.equal(outcome.message, null)
    const { refused, ...rest } = outcome.steps[0]!.exports['$return_value'] as {
      readonly refused: readonly (readonly [string, number])[]
    }
    assert.deepEqual(rest, { getpid: 0, fork: 1, clone3: 38, unknown: 38 })
    assert.deepEqual(
      refused.filter(([, errno]) => errno !== 1),
      [],
    )
    assert.ok(refused.length > 120, `${refused.length}`)
  },
)
