/** A page that is not opened first: loaded when it is gone to, its frame there at once. */
import { Suspense } from 'react'
import type { ComponentType, ReactNode } from 'react'
import { lazyPart } from '../parts/lazy-part.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from './top-bar.tsx'

export function lazyPage(load: () => Promise<ComponentType>): () => ReactNode {
  const Page = lazyPart(load, Frame)
  return () => (
    <Suspense
      fallback={
        <Frame>
          <Skeleton lines={12} />
        </Frame>
      }
    >
      <Page />
    </Suspense>
  )
}

function Frame({ children }: { readonly children: ReactNode }) {
  return (
    <div className="page">
      <TopBar nav />
      <main className="list-page">{children}</main>
    </div>
  )
}
