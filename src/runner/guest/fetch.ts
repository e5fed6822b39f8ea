/**
 * `fetch` with connections of the run's own. Node's has one pool for the whole process, which would hand
 * a run the connection of another that is about to end, and with it its error.
 *
 * Whoever brings a dispatcher of his own, by call or for the whole process, is left alone.
 */
import { currentStep } from './run-state.ts'

type Dispatcher = { destroy(error: Error): Promise<void> }
type Input = Parameters<typeof globalThis.fetch>[0]
type DispatcherClass = new () => Dispatcher

/** Where Node's fetch keeps the dispatcher of the process: a symbol that undici shares by name. */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.2')

const shared = globalThis as unknown as Record<symbol, Dispatcher | undefined>

/** Puts the `fetch` of the run in place. Loads nothing until it is first called. */
export function installFetch(): void {
  const original = globalThis.fetch
  let standard: Dispatcher | undefined
  const fetch = function fetch(input: Input, init?: RequestInit): Promise<Response> {
    standard ??= loadStandard(original)
    const run = currentStep()?.run
    const isOwn = !standard || shared[GLOBAL_DISPATCHER] !== standard || init?.dispatcher
    if (!run || run.over || isOwn) return original(input, init)
    if (!run.dispatcher) {
      const dispatcher = new (standard!.constructor as DispatcherClass)()
      run.dispatcher = dispatcher
      run.sockets.add({ destroy: (error) => dispatcher.destroy(error) })
    }
    return original(input, { ...init, dispatcher: run.dispatcher } as RequestInit)
  }
  Object.defineProperty(globalThis, 'fetch', {
    value: fetch,
    writable: true,
    configurable: true,
    enumerable: true,
  })
}

/** A first call, to an address that needs no network, makes Node load undici and its dispatcher. */
function loadStandard(original: typeof globalThis.fetch): Dispatcher | undefined {
  void original('data:,')
  return shared[GLOBAL_DISPATCHER]
}
