/** Asks once before unsaved changes are left: inside the UI by a dialog, otherwise by the browser's own. */
import { useBlocker } from '@tanstack/react-router'
import { Suspense, useCallback } from 'react'
import { lazyPart } from '../parts/lazy-part.tsx'
import { useUnsaved } from '../parts/unsaved.ts'
import { useDraftStore, useEditor } from './use-editor.ts'

const ConfirmDialog = lazyPart(
  async () => (await import('../parts/confirm-dialog.tsx')).ConfirmDialog,
)

export function LeaveGuard() {
  const store = useDraftStore()
  const name = useEditor((state) => state.base.name)
  const isUnsaved = useCallback(() => store.state().isChanged, [store])
  useUnsaved(isUnsaved)
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved() && current.pathname !== next.pathname,
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  })
  if (blocker.status !== 'blocked') return null
  return (
    <Suspense>
      <ConfirmDialog
        title="Leave without saving?"
        keep="Stay"
        act="Leave"
        close={blocker.reset}
        run={blocker.proceed}
      >
        Your changes of {name} are not saved and would be lost.
      </ConfirmDialog>
    </Suspense>
  )
}
