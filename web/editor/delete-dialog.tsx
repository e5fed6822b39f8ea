/** Deleting a workflow: asked once, with what it means. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { deleteWorkflow } from '../api/queries.ts'
import { useBackCloses } from '../parts/back-closes.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { useDraftStore, useEditor } from './use-editor.ts'

export function DeleteDialog({ close }: { readonly close: () => void }) {
  useBackCloses(close)
  const store = useDraftStore()
  const { id, name } = useEditor((state) => state.base)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending } = useMutation({
    mutationFn: () => deleteWorkflow(id),
    onSuccess: async () => {
      store.startFrom(store.state().base) // Nothing is left to be asked about when leaving.
      notify(`Deleted ${name}`)
      await navigate({ to: '/' })
      void queries.invalidateQueries({ queryKey: ['workflows'] })
    },
    onError: notifyProblem,
  })
  return (
    <ConfirmDialog
      title={`Delete ${name}?`}
      keep="Keep it"
      act="Delete"
      isRunning={isPending}
      close={close}
      run={mutate}
    >
      Its endpoint answers 404 at once. Events that were accepted still run, and what they send is
      still delivered.
    </ConfirmDialog>
  )
}
