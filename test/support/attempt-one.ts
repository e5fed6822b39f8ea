/** Makes one attempt the way a lane does, over connections that are closed afterwards. */
import { systemClock } from '../../src/clock.ts'
import { attempt } from '../../src/delivery/attempt.ts'
import { Lane } from '../../src/delivery/lane.ts'
import type { Egress } from '../../src/egress/egress.ts'
import type { Attempt, DeliveryTask } from '../../src/model/delivery.ts'
import { loopbackEgress, USER_AGENT } from './delivery-task.ts'

/** Attempts the tasks one after another in one lane, so that connections may be kept alive. */
export async function attemptAll(
  tasks: readonly DeliveryTask[],
  egress: Egress = loopbackEgress(),
): Promise<readonly Attempt[]> {
  const deps = { egress, clock: systemClock, userAgent: () => USER_AGENT }
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

export async function attemptOne(task: DeliveryTask, egress?: Egress): Promise<Attempt> {
  return (await attemptAll([task], egress))[0]!
}
