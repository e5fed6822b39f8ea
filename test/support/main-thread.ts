/**
 * What a page's main thread did meanwhile, as the browser traced it: the CPU time of its longest task. A
 * busy machine stretches the clock, and hardly this.
 */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

type TraceEvent = {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Of the thread's CPU, in microseconds. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

const categories = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline']

/** In ms of CPU. */
export async function longestTask(page: Page, act: () => Promise<unknown>): Promise<number> {
  const cdp = await page.context().browser()!.newBrowserCDPSession()
  const events: TraceEvent[] = []
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: categories, excludedCategories: ['*'] },
  })
  await act()
  const isComplete = new Promise((done) => cdp.once('Tracing.tracingComplete', done))
  await cdp.send('Tracing.end')
  await isComplete
  await cdp.detach()
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
  const main = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  )
  const tasks = events.filter((event) => event.tdur !== undefined && main.has(threadOf(event)))
  assert.notEqual(tasks.length, 0, 'The browser traced nothing')
  return Math.max(...tasks.map(({ tdur }) => tdur!)) / 1000
}
