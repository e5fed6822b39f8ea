/**
 * The line that user code is given: the same door, and no mail. A step that may open any socket is a
 * spammer's find, and mail has better ways than raw SMTP from a workflow.
 */
import type { Tunnel } from '../runner/runner.ts'
import { blocked } from './connect-errors.ts'
import type { Egress } from './egress.ts'

const mailPorts: ReadonlySet<number> = new Set([25, 465, 587])

export function createTunnel(egress: Pick<Egress, 'connect'>): Tunnel {
  return async (target, signal) => {
    if (mailPorts.has(target.port)) {
      const because = `port ${target.port} is for mail, which code steps may not send directly`
      throw blocked({ kind: 'refused', code: 'port', because })
    }
    return egress.connect(target, signal)
  }
}
