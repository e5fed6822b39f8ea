/**
 * Takes away what Node's permission model leaves standing and user code has no use for: signals to other
 * processes, the parent's inspector, credentials, flags of V8. Ending the process is turned into an error,
 * so that a step which calls `process.exit` fails by itself and takes no other run along.
 *
 * This removes functions, it is no wall by itself: the permission flags are, and level 2 behind them.
 */
import os from 'node:os'
import v8 from 'node:v8'
import { builtinModules, syncBuiltinESMExports } from 'node:module'

const REMOVED_OF_PROCESS = [
  'kill',
  '_kill',
  '_debugProcess',
  '_debugEnd',
  '_startProfilerIdleNotifier',
  '_stopProfilerIdleNotifier',
  'binding',
  '_linkedBinding',
  'dlopen',
  'execve',
  'chdir',
  'umask',
  'setuid',
  'setgid',
  'seteuid',
  'setegid',
  'setgroups',
  'initgroups',
  'loadEnvFile',
  'report',
]
const ENDING = ['exit', 'abort', 'reallyExit']
const REMOVED_OF_V8 = [
  'setFlagsFromString',
  'setHeapSnapshotNearHeapLimit',
  'writeHeapSnapshot',
  'getHeapSnapshot',
  'stopCoverage',
  'takeCoverage',
]

/** Modules that are globals everywhere. `--eval` makes globals of all of them. */
const GLOBAL_MODULES = new Set(['console', 'crypto', 'process'])

/** Call it once, after everything the guest itself needs has been captured. */
export function raiseWall(): void {
  for (const name of REMOVED_OF_PROCESS) replace(process, name, denied(`process.${name}`))
  for (const name of ENDING) replace(process, name, denied(`process.${name}`))
  for (const name of REMOVED_OF_V8) replace(v8, name, denied(`v8.${name}`))
  replace(os, 'setPriority', denied('os.setPriority'))
  // A step's misspelt `url` or `path` is an error as everywhere, and not a module.
  for (const name of builtinModules) {
    if (!GLOBAL_MODULES.has(name)) Reflect.deleteProperty(globalThis, name)
  }
  syncBuiltinESMExports()
}

function replace(owner: object, name: string, value: () => never): void {
  if (!(name in owner)) return
  Object.defineProperty(owner, name, { value, configurable: false, writable: false })
}

function denied(name: string): () => never {
  return () => {
    const error = new Error(`Cannot call ${name}: it is not available in a step`)
    throw Object.assign(error, { code: 'ERR_ACCESS_DENIED' })
  }
}
