/** The head of the page: name, version, the switch, testing and saving, and where events enter. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import type { WorkflowWire } from '../../src/inspector/wire.ts'
import { setActive, versionsQuery, workflowQuery } from '../api/queries.ts'
import { TestMenu } from '../editor/test-menu.tsx'
import type { TestRunning } from '../editor/use-test-run.ts'
import { useDraftStore, useEditor } from '../editor/use-editor.ts'
import { curlOfEndpoint } from '../model/curl.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Icon } from '../parts/icon.tsx'
import { withCommand } from '../parts/keys.ts'
import { MenuButton } from '../parts/menu-button.tsx'
import { notifyProblem } from '../parts/notice.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { TopBar } from '../shell/top-bar.tsx'

const VersionsDialog = lazy(async () => ({
  default: (await import('../editor/versions-dialog.tsx')).VersionsDialog,
}))
const SettingsDialog = lazy(async () => ({
  default: (await import('../editor/settings-dialog.tsx')).SettingsDialog,
}))
const DeleteDialog = lazy(async () => ({
  default: (await import('../editor/delete-dialog.tsx')).DeleteDialog,
}))

type Props = {
  readonly workflow: WorkflowWire
  readonly tests: TestRunning
  readonly eventId: string | undefined
  readonly openTest: () => void
  readonly save: () => void
}

type HeadDialog = 'versions' | 'settings' | 'delete'

export function WorkflowHead({ workflow, tests, eventId, openTest, save }: Props) {
  const { endpoint } = workflow
  const [dialog, setDialog] = useState<HeadDialog | null>(null)
  return (
    <>
      <TopBar title={<NameField />}>
        <SavedText workflow={workflow} open={() => setDialog('versions')} />
        <ActiveSwitch workflow={workflow} />
        <TestMenu tests={tests} eventId={eventId} openDialog={openTest} />
        <SaveButton save={save} />
        <MoreMenu open={setDialog} />
      </TopBar>
      <section className="endpoint-bar" aria-label="Endpoint">
        <span className="method">POST</span>
        <code className="endpoint" title={endpoint}>
          {endpoint}
        </code>
        <CopyButton text={endpoint} what="the endpoint" label="copy" />
        <CopyButton text={curlOfEndpoint(endpoint)} what="a curl command" label="curl" />
      </section>
      <Suspense>
        {dialog === 'versions' && <VersionsDialog close={() => setDialog(null)} />}
        {dialog === 'settings' && <SettingsDialog close={() => setDialog(null)} />}
        {dialog === 'delete' && <DeleteDialog close={() => setDialog(null)} />}
      </Suspense>
    </>
  )
}

/** The name is a part of what is saved: it is edited where it stands. */
function NameField() {
  const store = useDraftStore()
  const name = useEditor(({ draft }) => draft.name)
  return (
    <>
      <span className="visually-hidden">{name}</span>
      <input
        className="name-field"
        aria-label="Name of the workflow"
        spellCheck={false}
        autoComplete="off"
        maxLength={200}
        size={Math.max(4, name.length)}
        value={name}
        onChange={({ target }) => store.change((draft) => ({ ...draft, name: target.value }))}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </>
  )
}

function SavedText({ workflow, open }: { workflow: WorkflowWire; open: () => void }) {
  const { data } = useQuery(versionsQuery(workflow.id))
  const saved = data?.find(({ version }) => version === workflow.version)
  return (
    <button type="button" className="link saved-text" title="Versions" onClick={open}>
      v{workflow.version}
      {saved && (
        <span className="wide-only">
          · saved <RelativeTime at={saved.createdAt} />
        </span>
      )}
    </button>
  )
}

function SaveButton({ save }: { readonly save: () => void }) {
  const isChanged = useEditor((state) => state.isChanged)
  const isSaving = useEditor((state) => state.saving.kind === 'saving')
  return (
    <button
      type="button"
      className="primary save-button"
      disabled={!isChanged || isSaving}
      onClick={save}
    >
      {isSaving ? 'Saving' : 'Save'}
      <kbd aria-hidden="true">{withCommand('S')}</kbd>
    </button>
  )
}

function MoreMenu({ open }: { readonly open: (dialog: HeadDialog) => void }) {
  const store = useDraftStore()
  const isChanged = useEditor((state) => state.isChanged)
  return (
    <MenuButton
      className="quiet"
      label="More of this workflow"
      items={[
        { name: 'Versions', run: () => open('versions') },
        { name: 'Settings', run: () => open('settings') },
        {
          name: 'Discard changes',
          isDisabled: !isChanged,
          run: () => store.startFrom(store.state().latest),
        },
        { name: 'Delete workflow', run: () => open('delete') },
      ]}
    >
      <Icon name="more" />
    </MenuButton>
  )
}

/** Switches at once and back again if the server refuses. */
function ActiveSwitch({ workflow }: { readonly workflow: WorkflowWire }) {
  const { id, active } = workflow
  const queries = useQueryClient()
  const { queryKey } = workflowQuery(id)
  const { mutate } = useMutation({
    mutationFn: (wanted: boolean) => setActive(id, wanted),
    onMutate: (wanted) => queries.setQueryData(queryKey, { ...workflow, active: wanted }),
    onSuccess: (saved) => queries.setQueryData(queryKey, saved),
    onError: (problem) => {
      queries.setQueryData(queryKey, workflow)
      notifyProblem(problem)
    },
  })
  return (
    <button
      type="button"
      role="switch"
      aria-checked={active}
      className="active-switch"
      title={active ? 'Events are accepted' : 'Events are refused with 404'}
      onClick={() => mutate(!active)}
    >
      {active ? 'Active' : 'Inactive'}
    </button>
  )
}
