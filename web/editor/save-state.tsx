/** Above the steps: why a save was refused, and what somebody else saved meanwhile. */
import { lazy, Suspense, useState } from 'react'
import { useDraftStore, useEditor } from './use-editor.ts'

const VersionsDialog = lazy(async () => ({
  default: (await import('./versions-dialog.tsx')).VersionsDialog,
}))

export function SaveState() {
  const store = useDraftStore()
  const saving = useEditor((state) => state.saving)
  const base = useEditor((state) => state.base)
  const latest = useEditor((state) => state.latest)
  const [isComparing, setComparing] = useState(false)
  if (latest.version > base.version) {
    return (
      <div className="save-state" data-tone="waiting" role="alert">
        <p>
          v{latest.version} was saved elsewhere; your changes began with v{base.version} and are not
          saved.
        </p>
        <span className="save-actions">
          <button type="button" onClick={() => setComparing(true)}>
            Compare
          </button>
          <button type="button" onClick={() => store.startFrom(latest)}>
            Take v{latest.version}, drop mine
          </button>
          <button type="button" onClick={() => store.keepOverLatest()}>
            Keep mine over it
          </button>
        </span>
        <Suspense>{isComparing && <VersionsDialog close={() => setComparing(false)} />}</Suspense>
      </div>
    )
  }
  if (saving.kind === 'saving' && saving.progress !== null) {
    return (
      <div className="save-state" role="status">
        <p>{saving.progress}</p>
      </div>
    )
  }
  if (saving.kind !== 'refused') return null
  return (
    <div className="save-state" data-tone="failed" role="alert">
      <p>
        {saving.message}. Your text is kept; new events run on v{base.version}.
      </p>
      <span className="save-actions">
        <button type="button" onClick={() => store.setSaving({ kind: 'idle' })}>
          Dismiss
        </button>
      </span>
    </div>
  )
}
