/**
 * Text in which `{{expression}}` is replaced. An expression ends at the first `}}` up to which it parses,
 * so braces, strings and templates within it may hold whatever they like.
 */
import { expressionFault, SourceFault } from '../syntax.ts'

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: string }

/** Ends of one expression that are tried; each costs a parse. */
const TRIES = 100

/** Whether a text has expressions at all. */
export const isTemplate = (text: string): boolean => text.includes('{{')

/** Splits text into what stands and what is evaluated. Throws SourceFault. */
export function parseTemplate(text: string): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', at)) {
    const close = closeOf(text, open + 2)
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) })
    parts.push({ kind: 'expression', expression: text.slice(open + 2, close) })
    at = close + 2
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) })
  return parts
}

function closeOf(text: string, start: number): number {
  let first: SourceFault | undefined
  let close = text.indexOf('}}', start)
  if (close === -1) throw new SourceFault('{{ is not closed by }}')
  for (let tries = 0; close !== -1 && tries < TRIES; tries++) {
    const expression = text.slice(start, close)
    const fault = expressionFault(expression)
    if (!fault) return close
    first ??= new SourceFault(`${fault.message} in {{${expression}}}`)
    close = text.indexOf('}}', close + 1)
  }
  throw first!
}
