/**
 * `sendoff demo`: the whole path in one command. Starts the server with the built-in receiver, makes
 * the demo workflow (or takes the one of an earlier demo), sends it one event, prints the run with its
 * requests and responses and its `Dest`, and stays up.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock, IdSource } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { AppError } from '../errors.ts'
import type { EventDetailWire, EventListWire } from '../inspector/wire-event.ts'
import type { WorkflowWire } from '../inspector/wire-workflow.ts'
import { createApiClient } from './api-client.ts'
import type { ApiClient } from './api-client.ts'
import { wordsOf } from './client.ts'
import type { Command } from './commands.ts'
import { printEvent } from './print-event.ts'
import { nextSignal } from './serve.ts'

const NAME = 'Demo'
const WAIT_MS = 30_000

export const demo: Command = {
  sentence: 'start the server, send one event through a demo workflow, and stay up',
  usage: 'demo [--setting value]',
  async run(invocation) {
    wordsOf(invocation, demo, 0)
    const { flags } = invocation
    const stopped = nextSignal()
    const config = loadConfig(flags)
    const adminToken = config.adminToken ?? `so_${new IdSource(systemClock).secret()}`
    const { createApp } = await import('../app.ts')
    const app = await createApp({ ...config, adminToken, demoReceiver: true })
    await app.start()
    try {
      const client = createApiClient(app.localUrl(), adminToken)
      const workflow = await saveDemoWorkflow(client, app.demoReceiverUrl()!)
      await sendEvent(client, app.localUrl(), workflow.endpoint)
      printEvent(await newestFinished(client, workflow))
      printNextSteps(app.baseUrl(), workflow, config.adminToken ? undefined : adminToken)
      const cause = await Promise.race([stopped, app.failed])
      if (cause instanceof Error) throw cause
    } finally {
      await app.stop()
    }
    return 0
  },
}

/** The steps of the demo workflow, sending to `receiver`. */
export function demoSteps(receiver: string): readonly unknown[] {
  const code = `// Every event runs these steps. What they hand to $send.http is delivered after the workflow.
const names = ["Luke", "Han", "Leia"]
$event.greeted = names.length
console.log(\`\${$event.method} \${$event.path} greets \${names.join(", ")}\`)
names.forEach(name => $send.http({
  method: "POST",
  url: ${JSON.stringify(`${receiver}/hello`)},
  data: { name, order: $event.body.order },
}))
return { greeted: names }`
  return [
    { type: 'code', name: 'greet', code },
    {
      type: 'webhook',
      name: 'report',
      url: `${receiver}/report`,
      payload: '({ order: $event.body.order, greeted: steps.greet.$return_value.greeted })',
    },
  ]
}

async function saveDemoWorkflow(client: ApiClient, receiver: string): Promise<WorkflowWire> {
  const { data } = await client.call<{ data: readonly WorkflowWire[] }>(
    'GET',
    '/workflows?limit=200',
  )
  const earlier = data.find(({ name }) => name === NAME)
  const definition = { name: NAME, steps: demoSteps(receiver) }
  return earlier
    ? await client.call('PUT', `/workflows/${earlier.id}`, definition)
    : await client.call('POST', '/workflows', definition)
}

async function sendEvent(client: ApiClient, localUrl: string, endpoint: string): Promise<void> {
  const url = `${localUrl}${new URL(endpoint).pathname}/orders?from=demo`
  const { status, text } = await client.trigger(url, { order: 42, items: ['tea', 'cake'] })
  console.log(`POST ${url} -> ${status} ${text}\n`)
}

async function newestFinished(client: ApiClient, workflow: WorkflowWire): Promise<EventDetailWire> {
  const until = systemClock.monotonicMs() + WAIT_MS
  const path = `/workflows/${workflow.id}/events?limit=1`
  while (systemClock.monotonicMs() < until) {
    const [row] = (await client.call<EventListWire>('GET', path)).data
    const detail = row && (await client.call<EventDetailWire>('GET', `/events/${row.id}`))
    const open = detail?.deliveries.some(
      ({ status }) => status === 'pending' || status === 'sending',
    )
    if (detail?.run?.durationMs !== null && detail?.run && !open) return detail
    await delay(50)
  }
  throw new AppError('demo_incomplete', { seconds: WAIT_MS / 1_000 })
}

function printNextSteps(baseUrl: string, workflow: WorkflowWire, token: string | undefined): void {
  const authorization = `Authorization: Bearer ${token ?? '$SENDOFF_ADMIN_TOKEN'}`
  console.log(`
Send another event:
  curl ${workflow.endpoint}/orders -d '{"order": 43}'
Look further:
  curl -H '${authorization}' ${baseUrl}/api/v1/workflows/${workflow.id}/events
Inspector: ${baseUrl}/workflows/${workflow.id}
  sign in with ${token ?? 'the token of SENDOFF_ADMIN_TOKEN'}
Ctrl-C stops the server.`)
}
