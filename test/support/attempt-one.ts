/** Makes one attempt the way a lane does, over connections that are closed afterwards. */
import { attempt } from '../../src/delivery/attempt.ts'
import type { AttemptDeps } from '../../src/delivery/attempt.ts'
import { Lane } from '../../src/delivery/lane.ts'
import type { Egress } from '../../src/egress/egress.ts'
import type { Attempt, DeliveryTask } from '../../src/model/delivery.ts'
import { ATTEMPT_DEPS, loopbackEgress } from './delivery-task.ts'

/** Attempts the tasks one after another in one lane, so that connections may be kept alive. */
export async function attemptAll(
  tasks: readonly DeliveryTask[],
  egress: Egress = loopbackEgress(),
  overrides: Partial<AttemptDeps> = {},
): Promise<readonly Attempt[]> {
  const deps = { ...ATTEMPT_DEPS, egress, ...overrides }
  const lane = new Lane(deps, 'lane', tasks[0]!.origin)
  const attempts: Attempt[] = []
  for (const task of tasks) {
    const route = lane.route()
    attempts.push((await attempt(deps, task, route.connect)).attempt)
    await route.end()
  }
  lane.close()
  return attempts
}

export async function attemptOne(
  task: DeliveryTask,
  egress?: Egress,
  overrides?: Partial<AttemptDeps>,
): Promise<Attempt> {
  return (await attemptAll([task], egress, overrides))[0]!
}
