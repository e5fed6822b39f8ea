/** Above the steps: why a save was refused, and what somebody else saved meanwhile, or deleted. */
import { Suspense, useState } from 'react'
import { stepsOf } from '../model/draft.ts'
import { lazyPart } from '../parts/lazy-part.tsx'
import { useNewWorkflow } from './new-workflow.tsx'
import { useDraftStore, useEditor } from './use-editor.ts'

const VersionsDialog = lazyPart(async () => (await import('./versions-dialog.tsx')).VersionsDialog)

export function SaveState() {
  const store = useDraftStore()
  const saving = useEditor((state) => state.saving)
  const base = useEditor((state) => state.base)
  const latest = useEditor((state) => state.latest)
  const isGone = useEditor((state) => state.isGone)
  const [isComparing, setComparing] = useState(false)
  if (isGone) return <Gone />
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

/** Nothing can be saved or run here any more; what stands here can be the beginning of another workflow. */
function Gone() {
  const store = useDraftStore()
  // What was typed is saved with the new one: leaving the page loses nothing.
  const { mutate, isPending } = useNewWorkflow((made) => store.startFrom(made))
  const make = (): void => {
    const { draft, latest } = store.state()
    mutate({ name: draft.name.trim(), steps: [...stepsOf(draft)], settings: latest.settings })
  }
  return (
    <div className="save-state" data-tone="failed" role="alert">
      <p>This workflow was deleted. Its endpoint takes no events, and nothing can be saved here.</p>
      <span className="save-actions">
        <button type="button" disabled={isPending} onClick={make}>
          Make a new one of it
        </button>
      </span>
    </div>
  )
}
