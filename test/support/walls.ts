/**
 * The walls that this machine can put around user code, each to be tried by the same escapes. The third
 * is for tests only: the sandbox with Node's own wall taken away, as it would be by a hole in Node.
 */
import { probeIsolation } from '../../src/runner/isolation.ts'
import type { Isolation } from '../../src/runner/isolation.ts'
import { LACKS_BWRAP } from './in-sandbox.ts'

export type Level = 'process' | 'strict' | 'kernel alone'
export const LEVELS: readonly Level[] = ['process', 'strict', 'kernel alone']

/** A reason to skip a level, or false. */
export const lacks = (level: Level): string | false => (level === 'process' ? false : LACKS_BWRAP)

export async function wallOf(level: Level): Promise<Isolation> {
  if (level === 'process') return probeIsolation('process')
  const strict = await probeIsolation('strict')
  return level === 'strict' ? strict : withoutNode(strict)
}

/** Flags and modules of the guest that deny or redirect; what is left is Node as anybody starts it. */
const NODE_WALL =
  /^--(?:permission|allow-fs-read=.*|no-experimental-sqlite|no-addons|disable-sigusr1|freeze-flags-after-init|disable-proto=.*)$/
const STUBS: Readonly<Record<string, string>> = {
  'guest/wall': 'export function raiseWall() {}',
  'guest/network': 'export const installNetwork = () => ({ receive() {} })',
  'guest/fetch': 'export function installFetch() {}',
}

function withoutNode(isolation: Isolation): Isolation {
  const modules = JSON.parse(Buffer.from(isolation.guestCode).toString()) as [string, string][]
  const open = modules.map(([url, source]): [string, string] => {
    const stub = Object.entries(STUBS).find(([name]) => url.endsWith(`/${name}.ts`))
    return [url, stub ? stub[1] : source]
  })
  return {
    ...isolation,
    guestCode: Buffer.from(JSON.stringify(open)),
    launch(memoryMb, packages) {
      const launch = isolation.launch(memoryMb, packages)
      return { ...launch, args: launch.args.filter((arg) => !NODE_WALL.test(arg)) }
    },
  }
}
