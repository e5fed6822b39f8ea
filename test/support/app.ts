/**
 * A whole server for a test: real store, real isolated processes, real sockets, on a free port and in
 * a folder of its own. Loopback is opened for it, since that is where test receivers are.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { createApp } from '../../src/app.ts'
import type { App } from '../../src/app.ts'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { ApiClient } from '../../src/cli/api-client.ts'
import { readConfig } from '../../src/config.ts'
import type { EventDetailWire, EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'

export const ADMIN_TOKEN = 'so_test_token_of_the_whole_app'

export type TestApp = {
  readonly app: App
  readonly api: ApiClient
  readonly url: string
  readonly folder: string
  /** Makes an active workflow of these steps. */
  workflow(steps: readonly unknown[], settings?: object): Promise<WorkflowWire>
  /** Sends a request to its endpoint; `path` follows the key. */
  send(
    workflow: WorkflowWire,
    path?: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<{ status: number; headers: Record<string, unknown>; body: string }>
  /** The newest event, once its run has ended and no delivery is open. */
  settled(workflow: WorkflowWire, withinMs?: number): Promise<EventDetailWire>
  /** Sends an event and waits until it has settled. */
  run(steps: readonly unknown[], body?: unknown, settings?: object): Promise<EventDetailWire>
  stop(): Promise<void>
}

export async function startApp(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<TestApp> {
  const folder = env['SENDOFF_DATA'] ?? (await mkdtemp(join(tmpdir(), 'sendoff-app-')))
  const config = readConfig({
    flags: {},
    file: {},
    env: {
      SENDOFF_PORT: '0',
      SENDOFF_DATA: folder,
      SENDOFF_ADMIN_TOKEN: ADMIN_TOKEN,
      SENDOFF_EGRESS_ALLOW: '127.0.0.0/8,::1/128',
      // Trying the stricter one takes each server a while; the tests of the wall run at both.
      SENDOFF_ISOLATION: 'process',
      ...env,
    },
  })
  const app = await createApp(config)
  await app.start()
  const dispatcher = new Agent()
  const url = app.localUrl()
  const api = createApiClient(url, ADMIN_TOKEN)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= app.stop().then(() => dispatcher.destroy()))
  t.after(async () => {
    await stop()
    if (!env['SENDOFF_DATA']) await rm(folder, { recursive: true, force: true })
  })

  const testApp: TestApp = {
    app,
    api,
    url,
    folder,
    stop,
    workflow: (steps, settings = {}) =>
      api.call('POST', '/workflows', { name: 'Test', steps, settings }),
    async send(workflow, path = '', { method = 'POST', headers = {}, body } = {}) {
      const target = `${url}${new URL(workflow.endpoint).pathname}${path}`
      const answer = await request(target, { method, headers, body: body ?? null, dispatcher })
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: await answer.body.text(),
      }
    },
    settled: (workflow, withinMs) => settledEvent(api, workflow.id, withinMs),
    async run(steps, body = {}, settings = {}) {
      const workflow = await testApp.workflow(steps, settings)
      const answer = await testApp.send(workflow, '', { body: JSON.stringify(body) })
      assert.equal(answer.status, 200)
      return await testApp.settled(workflow)
    },
  }
  return testApp
}

/** Polls until the workflow's newest event has run and nothing of it is on its way. */
export async function settledEvent(
  api: ApiClient,
  workflowId: string,
  withinMs = 60_000,
): Promise<EventDetailWire> {
  for (let tries = 0; tries < withinMs / 25; tries++) {
    const page = await api.call<EventListWire>('GET', `/workflows/${workflowId}/events?limit=1`)
    const [row] = page.data
    const detail = row && (await api.call<EventDetailWire>('GET', `/events/${row.id}`))
    if (detail && isSettled(detail)) return detail
    await delay(25)
  }
  throw new Error(`The event did not settle within ${withinMs} ms`)
}

export function isSettled({ run, error, deliveries }: EventDetailWire): boolean {
  const ended = error !== null || (run !== null && run.durationMs !== null)
  return ended && deliveries.every(({ status }) => status !== 'pending' && status !== 'sending')
}
