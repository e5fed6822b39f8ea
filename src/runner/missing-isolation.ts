/**
 * Why level `strict` is not to be had on this machine, in words that name what to change: the package,
 * the sysctl, the option of the container. bubblewrap itself only says which call the kernel refused.
 */
import { existsSync, readFileSync } from 'node:fs'

export type ProbeFailure = {
  /** The program that could not be executed, or null. */
  readonly absent: string | null
  readonly stderr: string
  /** Doors that were found open, where the sandbox did start. */
  readonly open: readonly string[]
}

export type MachineFacts = {
  /** The content of a kernel setting below /proc/sys, or null where there is none. */
  readonly setting: (path: string) => string | null
  readonly isInContainer: boolean
  readonly hasFile: (path: string) => boolean
}

/** The end of the sentence "not strict: ...". */
export function explainMissing(failure: ProbeFailure, facts = machineFacts()): string {
  const { absent, open } = failure
  if (absent !== null) return explainAbsent(absent)
  if (open.length > 0) return `the sandbox started, but left open: ${open.join(', ')}`
  const said = failure.stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
  if (/failed to execute .*bwrap|bwrap: No such file/i.test(said)) return explainAbsent('bwrap')
  if (/unknown option/i.test(said)) return `bubblewrap is too old, 0.8 or later is needed (${said})`
  const cause = causeOf(said, facts)
  const quoted = said === '' ? 'the sandbox ended without a word' : said
  return cause === null ? quoted : `${cause} (${quoted})`
}

const explainAbsent = (program: string): string =>
  /bwrap/.test(program)
    ? 'bubblewrap is not installed, on Debian and Ubuntu: apt install bubblewrap'
    : `${program} is not installed, on Debian and Ubuntu: apt install util-linux`

function causeOf(said: string, { setting, isInContainer, hasFile }: MachineFacts): string | null {
  if (/mount proc|proc on .*proc/i.test(said))
    return isInContainer
      ? 'the container hides parts of /proc, with Docker: --security-opt systempaths=unconfined'
      : 'the kernel refuses a /proc for the sandbox'
  if (
    !/namespace|uid map|RTM_NEWADDR|setgroups|Permission denied|not permitted|No space/i.test(said)
  )
    return null
  if (setting('kernel/unprivileged_userns_clone') === '0')
    return 'user namespaces are off: sysctl kernel.unprivileged_userns_clone=1'
  if (setting('user/max_user_namespaces') === '0' || /exceeded|No space/i.test(said))
    return 'user namespaces are off or used up: sysctl user.max_user_namespaces=10000'
  if (isInContainer)
    return 'the container forbids user namespaces, with Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined'
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return hasFile('/etc/apparmor.d/bwrap')
      ? 'AppArmor restricts user namespaces: load /etc/apparmor.d/bwrap with apparmor_parser -r'
      : 'AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns=1): give bwrap a profile, see docs/isolation.md'
  return null
}

function machineFacts(): MachineFacts {
  return {
    hasFile: existsSync,
    isInContainer:
      existsSync('/.dockerenv') ||
      existsSync('/run/.containerenv') ||
      /^Seccomp:\s+2$/m.test(contentOf('/proc/self/status') ?? ''),
    setting: (path) => contentOf(`/proc/sys/${path}`)?.trim() ?? null,
  }
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
