/**
 * Which deliveries are listed, as the address has it; and what "all that match" means to a bulk job,
 * which sends again what has ended and never what is still on its way.
 */
import type { DeliveryWire } from '../../src/inspector/wire-event.ts'

export type DeliveryFilter = {
  readonly workflow?: string
  readonly status?: string
  readonly code?: string
  readonly origin?: string
  readonly q?: string
}

const names = ['workflow', 'status', 'code', 'origin', 'q'] as const

/** Leaves out what is not there, so that equal filters are equal keys. */
export function filterOf(search: DeliveryFilter): DeliveryFilter {
  const kept = names.flatMap((name) => {
    const value = search[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return Object.fromEntries(kept)
}

/** The list of one workflow comes in the order of its events' arrival, every other in that of their ids. */
export const isByEventTime = ({ workflow, status }: DeliveryFilter): boolean =>
  workflow !== undefined && !needsSomebody.has(status)

const needsSomebody: ReadonlySet<string | undefined> = new Set([
  'failed',
  'blocked',
  'canceled',
  'held',
])

/** Every name that the API knows, in this order: one that is missing is a fault of types. */
const every = <Name extends string>(names: Readonly<Record<Name, true>>): readonly Name[] =>
  Object.keys(names) as Name[]

export const deliveryStates = every<DeliveryWire['status']>({
  pending: true,
  sending: true,
  delivered: true,
  failed: true,
  blocked: true,
  canceled: true,
  held: true,
})

export const failureCodes = every<NonNullable<DeliveryWire['code']>>({
  dns: true,
  connect_refused: true,
  connect_timeout: true,
  tls: true,
  reset: true,
  timeout: true,
  blocked: true,
  redirect: true,
  http_status: true,
  too_large_headers: true,
  protocol: true,
})

export type Matching =
  | { readonly kind: 'these'; readonly words: string; readonly filter: DeliveryFilter }
  | { readonly kind: 'none'; readonly because: string }

/** All that match: of no state in particular, those that failed. */
export function matchingOf(filter: DeliveryFilter): Matching {
  const { status } = filter
  if (status === 'pending' || status === 'sending') {
    return { kind: 'none', because: 'These are on their way already' }
  }
  return { kind: 'these', words: `all ${status ?? 'failed'} ones that match`, filter }
}
