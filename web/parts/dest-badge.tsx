/** `Dest` as text with its tone; the sign beside it says the same without color. */
import type { DestView } from '../model/dest.ts'

const signs = { none: '', waiting: '…', ok: '✓', failed: '✕' } as const

export function DestBadge({ dest }: { readonly dest: DestView | null }) {
  if (!dest) return <span className="dest">–</span>
  return (
    <span className="dest" data-tone={dest.tone} title={dest.spoken}>
      {dest.text}
      <span className="dest-sign" aria-hidden="true">
        {signs[dest.tone]}
      </span>
      <span className="visually-hidden">, {dest.spoken}</span>
    </span>
  )
}
