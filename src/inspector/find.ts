/**
 * Finds what an address names, within the account that asks. What belongs to another account is not
 * there, word for word as if it had never been (SECURITY.md 206).
 */
import { AppError } from '../errors.ts'
import type { Principal } from '../model/account.ts'
import { isEventId, isWorkflowId, parseDeliveryId } from '../model/ids.ts'
import type { DeliveryKey } from '../model/ids.ts'
import type { DeliveryStatus } from '../model/delivery.ts'
import type { Workflow } from '../model/workflow.ts'
import type { EventDetail, Inspect, ReceivedEvent } from '../store/inspect.ts'

type Reads<Verb extends keyof Inspect> = { readonly inspect: Pick<Inspect, Verb> }

export async function findWorkflow(
  store: Reads<'workflow'>,
  { accountId }: Principal,
  id: string,
): Promise<Workflow> {
  const found = isWorkflowId(id) ? await store.inspect.workflow(accountId, id) : undefined
  return found ?? notFound('workflow', id)
}

export async function findEvent(
  store: Reads<'event'>,
  { accountId }: Principal,
  id: string,
): Promise<EventDetail> {
  const found = isEventId(id) ? await store.inspect.event(accountId, id) : undefined
  return found ?? notFound('event', id)
}

export async function findReceivedEvent(
  store: Reads<'receivedEvent'>,
  { accountId }: Principal,
  id: string,
): Promise<ReceivedEvent> {
  const found = isEventId(id) ? await store.inspect.receivedEvent(accountId, id) : undefined
  return found ?? notFound('event', id)
}

export type FoundDelivery = {
  readonly key: DeliveryKey
  readonly workflowId: string
  readonly origin: string
  readonly status: DeliveryStatus
}

export async function findDelivery(
  store: Reads<'deliveryStatus'>,
  { accountId }: Principal,
  id: string,
): Promise<FoundDelivery> {
  const key = parseDeliveryId(id)
  const found = key && (await store.inspect.deliveryStatus(accountId, key))
  return found ? { key, ...found } : notFound('delivery', id)
}

/** The id stands in the answer as it was asked for, short of being an answer of its own. */
export function notFound(noun: string, id: string): never {
  throw new AppError('not_found', { noun, id: id.slice(0, 64) })
}
