/**
 * Secrets of incoming requests, masked as the server masks those of outgoing ones: by the name of the
 * header, `••••` and the last four characters (SECURITY.md 221).
 */
const MASK = '••••'
const SHORTEST_WITH_TAIL = 12
const SECRET_NAME = /token|secret|passw|api[-_]?key|^(proxy-)?authorization$|^(set-)?cookie$/i

export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

export function masked(value: string): string {
  return value.length < SHORTEST_WITH_TAIL ? MASK : MASK + value.slice(-4)
}

type Headers = Readonly<Record<string, string>>
type Proto = { readonly headers: readonly (readonly [string, string])[] }
type Event = { readonly headers: Headers; readonly proto: Proto }

/** `$event` as it is shown: secret headers masked in both places where they stand. */
export function maskedEvent<View extends Event>(event: View): View {
  const hide = (name: string, value: string): string => (isSecretName(name) ? masked(value) : value)
  const pairs = event.proto.headers.map(([name, value]) => [name, hide(name, value)] as const)
  return {
    ...event,
    headers: Object.fromEntries(
      Object.entries(event.headers).map(([name, value]) => [name, hide(name, value)]),
    ),
    proto: { ...event.proto, headers: pairs },
  }
}
