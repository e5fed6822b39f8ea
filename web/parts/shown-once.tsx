/** A secret in the one moment in which it can be read, with the way to take it along. */
import { CopyButton } from './copy-button.tsx'

export function ShownOnce({ secret, what }: { readonly secret: string; readonly what: string }) {
  return (
    <div className="shown-once" role="status">
      <p>Shown this once. Keep it where it belongs: it cannot be read again.</p>
      <p className="secret-line">
        <code>{secret}</code>
        <CopyButton text={secret} what={what} label="copy" />
      </p>
    </div>
  )
}
