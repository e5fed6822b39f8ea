/** The way to what a list has not read yet; nothing where it has read all. */
type Props = {
  readonly list: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly fetchNextPage: () => unknown
  }
  readonly text?: string
}

export function OlderButton({ list, text = 'Show older ones' }: Props) {
  if (!list.hasNextPage) return null
  return (
    <button
      type="button"
      className="link"
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {text}
    </button>
  )
}
