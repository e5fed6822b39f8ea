/** The head of the page: name, version, the switch, testing and saving, and where events enter. */
import { useQuery } from '@tanstack/react-query'
import { Suspense } from 'react'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { versionQuery } from '../api/queries.ts'
import { TestMenu } from '../editor/test-menu.tsx'
import type { TestRunning } from '../editor/use-test-run.ts'
import { useDraftStore, useEditor } from '../editor/use-editor.ts'
import { curlOfEndpoint } from '../model/curl.ts'
import { SAVE_KEY } from '../parts/command-keys.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Icon } from '../parts/icon.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import { MenuButton } from '../parts/menu-button.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { TopBar } from '../shell/top-bar.tsx'
import { useActive } from './use-active.ts'

const VersionsDialog = lazyPart(
  async () => (await import('../editor/versions-dialog.tsx')).VersionsDialog,
)
const SettingsDialog = lazyPart(
  async () => (await import('../editor/settings-dialog.tsx')).SettingsDialog,
)
const JobsDialog = lazyPart(async () => (await import('../operations/jobs-dialog.tsx')).JobsDialog)
const DeleteDialog = lazyPart(
  async () => (await import('../editor/delete-dialog.tsx')).DeleteDialog,
)

type Props = {
  readonly workflow: WorkflowWire
  readonly tests: TestRunning
  readonly eventId: string | undefined
  readonly openTest: () => void
  readonly save: () => void
  readonly dialog: HeadDialog | null
  readonly open: (dialog: HeadDialog | null) => void
}

export type HeadDialog = 'versions' | 'settings' | 'jobs' | 'delete'

export function WorkflowHead(props: Props) {
  const { workflow, tests, eventId, openTest, save, dialog, open } = props
  const { endpoint } = workflow
  return (
    <>
      <TopBar title={<NameField />}>
        <SavedText workflow={workflow} open={() => open('versions')} />
        <ActiveSwitch workflow={workflow} />
        <TestMenu tests={tests} eventId={eventId} openDialog={openTest} />
        <SaveButton save={save} />
        <MoreMenu open={open} />
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
        {dialog === 'versions' && <VersionsDialog close={() => open(null)} />}
        {dialog === 'settings' && <SettingsDialog close={() => open(null)} />}
        {dialog === 'jobs' && <JobsDialog close={() => open(null)} />}
        {dialog === 'delete' && <DeleteDialog close={() => open(null)} />}
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
  const { data: saved } = useQuery(versionQuery(workflow.id, workflow.version))
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
      <kbd aria-hidden="true">{SAVE_KEY}</kbd>
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
        { name: 'Recent jobs', run: () => open('jobs') },
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

function ActiveSwitch({ workflow }: { readonly workflow: WorkflowWire }) {
  const { active } = workflow
  const turn = useActive(workflow)
  return (
    <button
      type="button"
      role="switch"
      aria-checked={active}
      className="active-switch"
      title={active ? 'Events are accepted' : 'Events are refused with 404'}
      onClick={() => turn(!active)}
    >
      {active ? 'Active' : 'Inactive'}
    </button>
  )
}
