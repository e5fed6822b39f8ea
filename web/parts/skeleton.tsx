/** Grey lines where text is about to be; readers hear one word. */
type Props = { readonly lines?: number; readonly className?: string }

export function Skeleton({ lines = 3, className = '' }: Props) {
  return (
    <div className={`skeleton ${className}`} role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  )
}
