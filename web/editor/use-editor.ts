/** The draft of the page in components: the store itself, or a part of it that redraws when it changes. */
import { createContext, use, useSyncExternalStore } from 'react'
import type { DraftStore, EditorState } from './draft-store.ts'

export const EditorContext = createContext<DraftStore | null>(null)

export function useDraftStore(): DraftStore {
  const store = use(EditorContext)
  if (!store) throw new Error('There is no draft outside of a workflow page')
  return store
}

export function useEditor<Part>(read: (state: EditorState) => Part): Part {
  const store = useDraftStore()
  return useSyncExternalStore(store.subscribe, () => read(store.state()))
}
