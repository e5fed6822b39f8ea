/**
 * `sendoff test`: runs an event, stored or from a file, on a workflow's saved steps or on those of a
 * file, and prints the run with what it would have sent. Exit code 1 when the run did not succeed, so a
 * build can stop at it.
 */
import { readFileSync } from 'node:fs'
import { AppError } from '../errors.ts'
import type { EventDetailWire } from '../inspector/wire-event.ts'
import { CLIENT_FLAGS, connect, wordsOf } from './client.ts'
import type { Command } from './commands.ts'
import { printEvent } from './print-event.ts'
import { visibleJson } from './visible.ts'

export const testRun: Command = {
  sentence: 'run an event on a workflow without sending; --send sends and stores',
  usage: 'test <workflow> <event or file.json> [--steps steps.json] [--send]',
  flags: [...CLIENT_FLAGS, 'steps', 'send'],
  async run(invocation) {
    const [workflowId = '', origin = ''] = wordsOf(invocation, testRun, 2)
    const { steps, send } = invocation.flags
    const body = {
      event: /^evt_\w+$/.test(origin) ? origin : readJson(origin),
      ...(steps === undefined ? {} : { steps: readJson(steps) }),
      send: send !== undefined,
    }
    const path = `/workflows/${encodeURIComponent(workflowId)}/test`
    const answer = await connect(invocation).call<EventDetailWire>('POST', path, body)
    if (invocation.json || body.send) console.log(invocation.json ? visibleJson(answer) : answer.id)
    else printEvent(answer)
    const status = answer.run?.status ?? 'succeeded'
    return status === 'succeeded' || status === 'ended' ? 0 : 1
  },
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown
  } catch (cause) {
    throw new AppError('file_unreadable', { path, reason: (cause as Error).message }, { cause })
  }
}
