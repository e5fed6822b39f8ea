/** The commands, one file each. A command resolves to its exit code: 0 done, 1 failed, 2 asked wrongly. */
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { eventsShow, eventsTail } from './events.ts'
import { serve } from './serve.ts'
import { tokenCreate } from './token-create.ts'

export type Invocation = {
  readonly flags: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** Output for programs: JSON, one document or one line each. */
  readonly json: boolean
}

export type Command = {
  readonly sentence: string
  run(invocation: Invocation): Promise<number>
}

export const commands: Readonly<Record<string, Command>> = {
  serve,
  demo,
  'token create': tokenCreate,
  'events tail': eventsTail,
  'events show': eventsShow,
  doctor,
}
