/** An id shortened in the middle: what it is and how it ends are what people compare. */
export function shortId(id: string): string {
  const at = id.indexOf('_') + 1
  const body = id.slice(at)
  return body.length <= 10 ? id : `${id.slice(0, at)}${body.slice(0, 4)}…${body.slice(-4)}`
}
