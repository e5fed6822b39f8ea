/** Runs a test on a store of its own, and what the tests look at most. */
import type { TestContext } from 'node:test'
import type { EventDetail } from '../../../src/store/inspect.ts'
import type { Store } from '../../../src/store/store.ts'
import type { NewEvent } from '../../../src/model/event.ts'
import type { Open, Opened } from '../conformance.ts'

export const onStore =
  (open: Open, body: (store: Store, opened: Opened) => Promise<void>) =>
  async (context: TestContext): Promise<void> => {
    const opened = await open()
    context.after(() => opened.close())
    await body(opened.store(), opened)
  }

export async function detail(store: Store, of: NewEvent): Promise<EventDetail> {
  const found = await store.inspect.event(of.accountId, of.id)
  if (!found) throw new Error(`${of.id} is not there`)
  return found
}

export const hasCode = (code: string) => (error: unknown) =>
  (error as { code?: unknown }).code === code

export const everyOrigin = { count: 100, exceptLanes: [], perLane: 100 }
export const everyWorkflow = { count: 100, exceptWorkflows: [], perWorkflow: 100 }
