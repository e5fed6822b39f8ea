/**
 * Every bound of the product, with the reason for its value. A limit that users can set is the
 * default here; its hard ceiling stands beside it. Nothing in the product grows without one of these.
 */

const KIB = 1024
const MIB = 1024 * KIB

export const limits = {
  /** Ingest: SPEC section 2. */
  eventBodyBytes: MIB,
  eventBodyBytesMax: 100 * MIB,
  /** Longest accepted request target and header block; larger is 431, as Node's parser decides. */
  requestHeaderBytes: 16 * KIB,
  ratePerSecond: 1_000,
  ratePerSecondMax: 100_000,
  rateBurst: 5_000,
  rateBurstMax: 1_000_000,
  idempotencyWindowMs: 24 * 60 * 60 * 1000,
  idempotencyKeyLength: 255,
  /** How far the timestamp of a signed request may be off, as Standard Webhooks has it. */
  triggerSignatureAgeMs: 5 * 60 * 1000,
  /** Admissions that may wait for a commit; past this the store is the bottleneck: 503. */
  admitQueueEvents: 20_000,
  admitQueueBytes: 256 * MIB,
  /** Endpoints remembered between requests; unknown keys count too. */
  endpointCacheEntries: 10_000,
  /** How long a lost hint can keep an endpoint stale, or a suspension unseen: SPEC section 7 says 1 s. */
  endpointCacheMs: 1_000,

  /** The listener. Sockets stay below the usual 20,000 file descriptors. */
  sockets: 16_000,
  requestsPerSocket: 100_000,
  requestHeaderCount: 1_000,
  headersTimeoutMs: 10_000,
  /** Time a request may take to arrive, beyond what its bytes take at the slowest accepted rate. */
  requestTimeoutMs: 30_000,
  requestBytesPerSecond: 64 * KIB,
  /** Longer than the 60 s that load balancers keep idle connections, so that they close first. */
  keepAliveTimeoutMs: 65_000,
  /** Of a refused request, what is read to keep its connection; a longer rest costs the connection. */
  discardBytes: 64 * KIB,
  /** How long a refused upload is read and dropped, so that its sender sees the answer and not a reset. */
  lingerMs: 5_000,
  /** What stopping grants, one after the other: the whole process has 10 s (SPEC section 8). */
  drainRequestsMs: 1_500,
  drainRunsMs: 3_500,
  /** Within `drainRequestsMs`: so long a run may still answer its request. */
  drainAnswersMs: 1_000,
  drainDeliveriesMs: 3_500,
  /** Bodies that one adoption reads into memory; the next one takes the rest. */
  adoptBytes: 32 * MIB,

  /** Deeper JSON is shown as text: everything that walks a value recursively stays far from its stack's end. */
  eventBodyDepth: 1_000,
  /** The same for what a step exports or makes of `$event`: such a body, and some of its own around it. */
  exportDepth: 1_100,
  multipartParts: 1_000,
  multipartHeaderBytes: 16 * KIB,

  /** Definitions. */
  workflowNameLength: 200,
  stepsPerWorkflow: 100,
  stepNameLength: 64,
  stepCodeBytes: 256 * KIB,

  /** Variables of an account. */
  variables: 200,
  variableBytes: 32 * KIB,
  /** Values replaced or removed, still masked where they were stored; the oldest are forgotten. */
  variablesRetired: 500,
  /** How long a lost hint can keep a changed variable from a run. */
  variablesCacheMs: 1_000,
  /** Shorter values are masked nowhere: they would be found in every other word. */
  maskedLength: 6,

  /** Packages of a workflow. Large SDKs are some 100 MB in 10,000 files; past these it is no step any more. */
  packagesPerWorkflow: 50,
  packageSetBytes: 200 * MIB,
  packageSetFiles: 50_000,
  /** Resolving and installing: over 30 times what a dozen packages take on an empty cache. */
  packageInstallMs: 120_000,
  /** One set is installed at a time; more saves than this do not wait for it. */
  packageInstallsWaiting: 20,
  packageLockBytes: 4 * MIB,
  /** Downloads that are kept for the next install. Past this they are thrown away, all of them. */
  packageCacheBytes: 1_024 * MIB,
  /** What a test or a save has just resolved is taken as it is for so long. */
  packagesRememberedMs: 10 * 60 * 1000,
  /** A set that no version names is kept for so long: whoever asked for it may not have saved yet. */
  packagesUnusedMs: 60 * 60 * 1000,

  /** Runs: SPEC section 3. */
  runTimeoutMs: 30_000,
  runTimeoutMsMin: 1_000,
  runTimeoutMsMax: 300_000,
  runMemoryMb: 128,
  runMemoryMbMin: 64,
  runMemoryMbMax: 2_048,
  runLogBytes: 256 * KIB,
  runExportBytes: MIB,
  runSends: 1_000,
  runSendBytes: 16 * MIB,
  /** What `$respond` may give back. It is held in memory until the run is on stable storage. */
  responseBodyBytes: 4 * MIB,
  /** How long a request waits for its run beyond the run's own time limit: the queue, the commit. */
  responseSlackMs: 5_000,
  /** A diff is for reading; past this it is replaced by one whole-document operation. */
  runDiffBytes: 256 * KIB,
  /**
   * For a process to start, which takes a tenth of a second: one that has not by then never will, and the
   * clock of a run begins only once there is a process.
   */
  runBootMs: 30_000,
  /**
   * CPU time, of all threads: SPEC's wall clock bounds what one thread burns, this what the others do
   * besides. Runs that may take longer than the default get two thirds of their time.
   */
  runCpuMs: 20_000,
  /** Connections of a run: open at a time, and in all; as many as it may send. */
  runSockets: 64,
  runConnections: 1_000,
  /** What a run may move over its connections, both ways together: no hook needs more, a leech does. */
  runTunnelBytes: 1_024 * MIB,
  /** Connections of all runs together; with the listener's and delivery's below 20,000 descriptors. */
  tunnelSockets: 1_536,
  /** Data of runs that waits here for slow peers, beyond the first window of each connection. */
  tunnelBytesInMemory: 64 * MIB,
  /**
   * Times an event may be leased for running by servers that then die, before its run is given up. An
   * event that waited in memory while its server died counts too, so this is far above what crashes
   * of other causes reach; it only ends a crash loop that the event itself causes.
   */
  runStarts: 20,
  /** Events held in memory for execution; past this they stay in the store and are adopted later. */
  runQueueEvents: 4_000,
  runQueueBytes: 128 * MIB,

  /** Sends: SPEC section 4. */
  sendTimeoutMs: 15_000,
  sendTimeoutMsMax: 60_000,
  sendUrlBytes: 8 * KIB,
  sendHeaderBytes: 16 * KIB,
  sendRedirectsMax: 5,
  /** The default schedule has 8 delays; more than this is a queue that never empties. */
  retryAttemptsMax: 50,
  /** One delay of a schedule: as long as the longest Retry-After that is honoured. */
  retryDelayMsMax: 24 * 60 * 60 * 1000,

  /** Delivery: SPEC section 5. */
  laneConcurrency: 32,
  /** Deliveries a lane holds in memory, in flight and waiting; the rest stays in the store. */
  laneCapacity: 256,
  lanes: 10_000,
  /** What a person may set a destination to: all that a lane holds at once. */
  laneConcurrencyMax: 256,
  /** Time-outs and slow answers bring a lane no further down: a backlog must still come to its end. */
  laneConcurrencySlow: 4,
  laneRatePerSecondMax: 10_000,
  /** A day between two requests. */
  laneRatePerSecondMin: 1 / 86_400,
  /** Deliveries counted as waiting for one destination; more are shown as so many. */
  destinationCount: 10_000,
  /** What is called recent of a destination, and so long it is remembered. */
  destinationRecentMs: 15 * 60 * 1000,
  /** What all lanes of one process hold together. */
  deliveriesInMemory: 20_000,
  deliveryBytesInMemory: 128 * MIB,
  /** Open sockets over all lanes: a thousand destinations that hang leave half of them. */
  deliveryConcurrency: 2_048,
  connectTimeoutMs: 10_000,
  responseHeaderBytes: 16 * KIB,
  responseHeaderCount: 100,
  responseStoredBytes: 64 * KIB,
  responseReadBytes: MIB,
  /**
   * What a response may take besides its body: interim responses, chunk sizes and extensions. Some
   * 9,000 interim responses fit, each of which costs as much time as a short answer.
   */
  responseFramingBytes: 256 * KIB,
  hops: 5,
  /** Signing: what Standard Webhooks allows a secret to be, and how long a replaced one still signs. */
  signingSecretBytesMin: 24,
  signingSecretBytes: 64,
  signingOverlapMs: 24 * 60 * 60 * 1000,

  /** The API and its reads. */
  apiBodyBytes: 8 * MIB,
  pageSize: 50,
  pageSizeMax: 200,
  /** Attempts that one answer carries: a hundred of some 40 KiB, which a browser reads in a blink. */
  answerAttemptBytes: 4 * MIB,
  /** Steps that one page of workflows or versions carries: two hundred of 20 KiB; a longer list has more pages. */
  answerStepBytes: 4 * MIB,
  /** What one call of a filtered list looks at, at most; its cursor goes on from there. */
  searchEvents: 5_000,
  searchMs: 250,
  searchLength: 500,
  /** How long events are kept, unless a setting says otherwise; and how many go in one commit. */
  retentionDays: 30,
  retentionDaysMax: 36_500,
  expiryBatch: 50,
  /** Rows of deliveries and attempts that go in one commit, which takes some 10 ms. */
  expiryRows: 500,
  /** Bulk jobs of an account that run at once, the ids that one may list, and its items a second. */
  bulkJobs: 10,
  bulkIds: 1_000,
  bulkRate: 50,
  bulkRateMax: 800,
  /** Bulk jobs that have ended: so long a page may still tell how they went, and so many of an account. */
  bulkJobsKeptMs: 7 * 24 * 60 * 60 * 1000,
  bulkJobsKept: 200,
  bulkExpiryBatch: 100,
  /** What counting the events that a filter meets looks at, at most: past it, the answer says "at least". */
  countedEvents: 100_000,
  countMs: 250,
  /** Buckets of one answer of figures: as many points as a plot of a page's width shows. */
  statsBuckets: 72,
  /** Events of a bucket that are looked at one by one: 72 x 60 take some 150 ms. */
  statsSample: 60,
  /** Events of a bucket that are counted one by one; more are told by how fast these came. */
  statsCounted: 50_000,
  /** The same for an hour of one workflow in the list of workflows, and the latest events looked at. */
  hourCounted: 2_000,
  latestEvents: 50,
  tokenNameLength: 200,
  /** A browser's session: how long at most, and how long without a request. */
  sessionMs: 7 * 24 * 60 * 60 * 1000,
  sessionIdleMs: 12 * 60 * 60 * 1000,
  /** Open live streams of one process. */
  liveStreams: 1_000,
  /** Hints held for a live stream whose reader is slow; past this it is told to re-read. */
  liveHeldHints: 256,
  /** Hints that come within so long go out together. */
  liveBatchMs: 25,
  liveHeartbeatMs: 15_000,
  /** How long readiness waits for the store, and how long its verdict stands. */
  readyCheckMs: 2_000,
  readyCacheMs: 1_000,
} as const
