/** `Dest` as text with its tone; the sign beside it, drawn by the styles, says the same without color. */
import type { DestView } from '../model/dest.ts'

export function DestBadge({ dest }: { readonly dest: DestView | null }) {
  if (!dest) return <span className="dest">–</span>
  const { text, tone, spoken } = dest
  return (
    <span
      className="dest"
      data-tone={tone}
      title={spoken}
      role="img"
      aria-label={`${text}, ${spoken}`}
    >
      {text}
    </span>
  )
}
