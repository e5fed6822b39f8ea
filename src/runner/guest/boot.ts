/**
 * Entry of a guest process. It opens the line, puts the captured console and the tunnelled network in
 * place, raises the wall, and then runs what it is sent: one program for life, many runs, interleaved.
 */
import { installNetwork } from './network.ts'
import type { Network } from './network.ts'
import { installConsole } from './console.ts'
import { execute, interruptRun, RunOver } from './execute.ts'
import type { GuestProgram } from './execute.ts'
import { installFetch } from './fetch.ts'
import { openLine } from './line.ts'
import type { Line } from './line.ts'
import { createLog } from './log.ts'
import type { Log } from './log.ts'
import { frameKind, readMessage } from '../protocol.ts'
import type { DownMessage } from '../protocol.ts'
import { currentStep } from './run-state.ts'
import { createStepModules } from './step-modules.ts'
import { describeThrown, readableStacks } from './thrown.ts'
import { END } from './scope.ts'
import { raiseWall } from './wall.ts'

/** Frames deep enough that an error within a package still shows the step that called it. */
Error.stackTraceLimit = 30

const activeResources = process.getActiveResourcesInfo.bind(process)
const lookAgain = setTimeout
const leave = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process)

const TURNS_TO_SETTLE = 5
const LOOK_AGAIN_MS = 100

let program: GuestProgram | undefined
let active = 0

const line: Line = openLine((kind, stream, payload) => {
  if (kind === frameKind.message) receive(payload)
  else network.receive(kind, stream, payload)
})
const log: Log = createLog(line, (text) => readableStacks(text, program?.steps ?? []))
const network: Network = installNetwork(line, (step, thrown) => stray(thrown, step))
installConsole(log)
installFetch()
showOwnEnvironment()
catchStrayErrors()
raiseWall()
line.sendNow({ type: 'hello' })

function receive(payload: Uint8Array): void {
  const { head, tail } = readMessage(payload)
  const message = head as DownMessage
  switch (message.type) {
    case 'load': {
      const { steps, packages } = message
      program = { steps, modules: createStepModules(steps, cut(steps, tail), packages) }
      return
    }
    case 'run':
      // The payload is only lent; the body outlives this call.
      void run({ line, log, program: program! }, message, tail.slice())
      return
    case 'ping':
      line.sendNow({ type: 'pong', id: message.id })
      return
  }
}

function cut(steps: readonly { readonly length: number }[], sources: Uint8Array): string[] {
  let at = 0
  return steps.map(({ length }) => new TextDecoder().decode(sources.subarray(at, (at += length))))
}

async function run(...args: Parameters<typeof execute>): Promise<void> {
  active++
  try {
    await execute(...args)
  } catch {
    // Ours failed, not the user's code: the server tells the runs of a process that ends.
    leave(70)
  }
  active--
  if (active === 0) line.onTurn(() => tellIdle(TURNS_TO_SETTLE))
}

/**
 * Nothing runs: what still keeps this process alive was left behind by user code. Immediates get a few
 * turns to settle (closing sockets schedules some); what is left is looked at again until it is gone.
 */
function tellIdle(turns: number): void {
  if (active > 0) return
  const left = activeResources().filter((resource) => resource !== 'PipeWrap')
  if (turns > 0 && left.length > 0 && left.every((resource) => resource === 'Immediate')) {
    return line.onTurn(() => tellIdle(turns - 1))
  }
  line.send({ type: 'idle', left: left.slice(0, 10) })
  if (left.length > 0) lookAgain(() => tellIdle(0), LOOK_AGAIN_MS).unref()
}

/** `process.env` is the account's variables, for the run that asks. */
function showOwnEnvironment(): void {
  const none = Object.freeze({})
  Object.defineProperty(process, 'env', {
    get: () => currentStep()?.run.env ?? none,
    configurable: false,
  })
}

function catchStrayErrors(): void {
  process.setUncaughtExceptionCaptureCallback((thrown) => stray(thrown))
  process.on('unhandledRejection', (reason) => stray(reason))
}

/** Errors that no promise of a step carries fail the run whose code caused them, or are reported late. */
function stray(thrown: unknown, step = currentStep()): void {
  if (!step) return leave(71)
  if (step.run.over && (thrown === END || thrown instanceof RunOver)) return
  if (interruptRun(step.run, thrown)) return
  const { stack } = describeThrown(thrown, program?.steps ?? [])
  log(step, 'error', stack)
}
