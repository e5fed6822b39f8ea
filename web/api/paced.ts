/**
 * Work that is asked for much more often than it needs doing: one round at a time, no two rounds begin
 * within the pace, and whoever asks during a round gets another one after it. So nothing is missed, and
 * a flood costs a bounded number of rounds. A round that took long is followed by a rest as long again,
 * so that a search through much keeps at most half of the server's reader.
 */
export function paced(work: () => Promise<void>, paceMs: number, signal: AbortSignal): () => void {
  let isRunning = false
  let isWanted = false
  const ask = (): void => {
    isWanted = true
    if (!isRunning) void run()
  }
  const run = async (): Promise<void> => {
    isRunning = true
    while (isWanted && !signal.aborted) {
      isWanted = false
      const startedMs = performance.now()
      await work()
      const tookMs = performance.now() - startedMs
      await new Promise((resolve) => setTimeout(resolve, Math.max(paceMs - tookMs, tookMs)))
    }
    isRunning = false
  }
  return ask
}
