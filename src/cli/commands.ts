/** The commands, one file each. A command resolves to its exit code: 0 done, 1 failed, 2 asked wrongly. */
import { redeliver, replay } from './again.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { eventsSearch, eventsShow, eventsTail } from './events.ts'
import { serve } from './serve.ts'
import { testRun } from './test-run.ts'
import { tokenCreate } from './token-create.ts'
import { workflowsDiff, workflowsList, workflowsPull, workflowsPush } from './workflows.ts'

export type Invocation = {
  readonly flags: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** Output for programs: JSON, one document or one line each. */
  readonly json: boolean
}

export type Command = {
  readonly sentence: string
  /** What is typed after `sendoff`. */
  readonly usage: string
  /** The flags it knows besides --json; without them it takes the settings, and checks them itself. */
  readonly flags?: readonly string[]
  run(invocation: Invocation): Promise<number>
}

export const commands: Readonly<Record<string, Command>> = {
  serve,
  demo,
  'token create': tokenCreate,
  'workflows list': workflowsList,
  'workflows pull': workflowsPull,
  'workflows push': workflowsPush,
  'workflows diff': workflowsDiff,
  'events tail': eventsTail,
  'events show': eventsShow,
  'events search': eventsSearch,
  replay,
  redeliver,
  test: testRun,
  doctor,
}
