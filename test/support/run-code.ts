/** A runner on real guest processes, and jobs made of a few lines of user code. */
import { connect } from 'node:net'
import { systemClock } from '../../src/clock.ts'
import { createRunner } from '../../src/runner/create-runner.ts'
import type { RunnerOptions } from '../../src/runner/create-runner.ts'
import { probeIsolation } from '../../src/runner/isolation.ts'
import type { Isolation } from '../../src/runner/isolation.ts'
import type { LateReport, Program, RunJob, RunResult, Tunnel } from '../../src/runner/runner.ts'

/** Dials whatever it is asked for; `openTunnel.dialled` is for the tests that count. */
export const openTunnel: Tunnel = ({ host, port }) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })

const PREFIX =
  'export default async function ({ $event, $send, $end, $respond, $context, steps, console, require }) { '

/** Wraps user code as execution/compile.ts does, as far as the runner cares. */
export function programOf(id: string, code: Readonly<Record<string, string>>): Program {
  const steps = Object.entries(code).map(([name, text], position) => ({
    name,
    type: 'code' as const,
    position,
    source: `${PREFIX}${text}\n}`,
    prefix: PREFIX.length,
  }))
  return { id, steps, packages: null }
}

let programs = 0

/** A job of one program: a string is its only step, an object its steps by name. */
export function jobOf(
  code: string | Readonly<Record<string, string>>,
  over: Partial<RunJob> = {},
): RunJob {
  const program = programOf(
    `program-${++programs}`,
    typeof code === 'string' ? { step: code } : code,
  )
  return {
    accountId: 1,
    eventId: 'evt_00000000000000000000000001',
    program,
    request: requestOf('{"n":1}'),
    context: {
      id: 'evt_00000000000000000000000001',
      ts: '2026-11-23T08:00:00.000Z',
      workflow_id: 'wf_00000000000000000000000001',
      workflow_name: 'a workflow',
      version: 1,
      replay_of: null,
      test: false,
    },
    env: {},
    timeoutMs: 20_000,
    memoryMb: 128,
    isolation: 'warm',
    response: 'default',
    ...over,
  }
}

export function requestOf(body: string | Uint8Array): RunJob['request'] {
  return {
    method: 'POST',
    scheme: 'http',
    host: 'localhost',
    uri: '/t/key/orders?a=1',
    path: '/orders',
    httpVersion: '1.1',
    clientIp: '203.0.113.7',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(body),
  }
}

export type TestRunner = {
  readonly late: readonly LateReport[]
  run(job: RunJob): Promise<RunResult>
  code(code: string | Readonly<Record<string, string>>, over?: Partial<RunJob>): Promise<RunResult>
  stop(): Promise<void>
}

/** At which level suites run that do not say: wall/suites.test.ts runs some of them at the other one too. */
const LEVEL = process.env['SENDOFF_TEST_ISOLATION'] === 'strict' ? 'strict' : 'process'

/** Starts a runner; stop it when done. */
export async function startRunner(
  options: RunnerOptions & { tunnel?: Tunnel; isolation?: Isolation } = {},
): Promise<TestRunner> {
  const { tunnel = openTunnel, isolation = await probeIsolation(LEVEL), ...rest } = options
  const late: LateReport[] = []
  const onLate = (report: LateReport): void => void late.push(report)
  const runner = createRunner(
    { clock: systemClock, isolation, tunnel, onLate },
    { blanks: 1, ...rest },
  )
  await runner.start()
  return {
    late,
    run: (job) => runner.run(job),
    code: (code, over) => runner.run(jobOf(code, over)),
    stop: () => runner.stop(),
  }
}
