/**
 * The system call filter of level `strict`: a classic BPF program that the kernel runs before each call
 * of the guest and of every thread it starts. It holds even for code that has broken out of V8.
 *
 * Refused calls fail with EPERM, unknown ones with ENOSYS, as on a kernel that is older than they are;
 * calls by another convention (32-bit, x32), whose numbers mean something else, end the process.
 */
import { FIRST_UNKNOWN_CALL, REFUSED_CALLS, SPECIAL_CALLS } from './system-calls.ts'
import type { Architecture } from './system-calls.ts'

/** Instructions of <linux/bpf_common.h>. */
const LOAD_WORD = 0x20
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_AT_LEAST = 0x35
const JUMP_IF_ANY_BIT = 0x45
const RETURN = 0x06
/** Offsets into struct seccomp_data of <linux/seccomp.h>; arguments are taken by their lower half. */
const CALL_NUMBER = 0
const CALL_ARCHITECTURE = 4
const FIRST_ARGUMENT = 16

const ALLOW = 0x7fff_0000
const KILL_PROCESS = 0x8000_0000
const failWith = (errno: number): number => 0x0005_0000 + errno
const EPERM = 1
const ENOSYS = 38

/** <linux/audit.h>: machine number, 64 bits, little endian. */
const AUDIT_ARCHITECTURE = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const
/** Set in the numbers of x32 calls, which have the x86-64 architecture. */
const X32_BIT = 0x4000_0000
const CLONE_THREAD = 0x0001_0000
/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NEW_ANY = 0x7e02_0080
const PR_SET_PDEATHSIG = 1

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number]

/** The filter as bubblewrap's --seccomp reads it, or null for an architecture without a table. */
export function seccompFilter(architecture: string): Uint8Array | null {
  if (architecture !== 'x64' && architecture !== 'arm64') return null
  const column = architecture === 'x64' ? 0 : 1
  const refused = Object.values(REFUSED_CALLS)
    .map((numbers) => numbers[column])
    .filter((number) => number !== null && number !== undefined)
  return encode([
    ...checkedConvention(architecture),
    ...refused.flatMap((number) => when(number, [answer(failWith(EPERM))])),
    ...when(SPECIAL_CALLS.clone3[column], [answer(failWith(ENOSYS))]),
    ...when(SPECIAL_CALLS.clone[column], onlyThreads()),
    ...when(SPECIAL_CALLS.prctl[column], [
      [LOAD_WORD, 0, 0, FIRST_ARGUMENT],
      [JUMP_IF_EQUAL, 0, 1, PR_SET_PDEATHSIG],
      answer(failWith(EPERM)),
      answer(ALLOW),
    ]),
    [JUMP_IF_AT_LEAST, 0, 1, FIRST_UNKNOWN_CALL],
    answer(failWith(ENOSYS)),
    answer(ALLOW),
  ])
}

/** Leaves the number of the call in the accumulator. */
function checkedConvention(architecture: Architecture): readonly Instruction[] {
  return [
    [LOAD_WORD, 0, 0, CALL_ARCHITECTURE],
    [JUMP_IF_EQUAL, 1, 0, AUDIT_ARCHITECTURE[architecture]],
    answer(KILL_PROCESS),
    [LOAD_WORD, 0, 0, CALL_NUMBER],
    [JUMP_IF_AT_LEAST, 0, 1, X32_BIT],
    answer(KILL_PROCESS),
  ]
}

/** A thread of this process, in its namespaces, or nothing. */
const onlyThreads = (): readonly Instruction[] => [
  [LOAD_WORD, 0, 0, FIRST_ARGUMENT],
  [JUMP_IF_ANY_BIT, 1, 0, CLONE_NEW_ANY],
  [JUMP_IF_ANY_BIT, 1, 0, CLONE_THREAD],
  answer(failWith(EPERM)),
  answer(ALLOW),
]

/** Does `then`, which must end in an answer, for this call; skips it for any other. */
const when = (number: number, then: readonly Instruction[]): readonly Instruction[] => [
  [JUMP_IF_EQUAL, 0, then.length, number],
  ...then,
]

const answer = (value: number): Instruction => [RETURN, 0, 0, value]

/** struct sock_filter, 8 bytes each. Both architectures are little endian. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    view.setUint16(index * 8, code, true)
    view.setUint8(index * 8 + 2, ifTrue)
    view.setUint8(index * 8 + 3, ifFalse)
    view.setUint32(index * 8 + 4, value, true)
  }
  return bytes
}
