/** Where in a text with `{{expression}}` the cursor stands. */

/** Whether the cursor stands between braces, and what was written there before it; null outside of them. */
export function expressionBefore(text: string, cursor: number): string | null {
  const before = text.slice(0, cursor)
  const open = before.lastIndexOf('{{')
  if (open === -1 || before.includes('}}', open)) return null
  return before.slice(open + 2)
}
