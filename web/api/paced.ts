/**
 * Work that is asked for much more often than it needs doing: one round at a time, no two rounds begin
 * within the pace, and whoever asks during a round gets another one after it. So nothing is missed, and
 * a flood costs a bounded number of rounds.
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
      const pace = new Promise((resolve) => setTimeout(resolve, paceMs))
      await work()
      await pace
    }
    isRunning = false
  }
  return ask
}
