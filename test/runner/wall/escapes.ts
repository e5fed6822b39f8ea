/**
 * The escapes: [what a step does, its code]. Code that returns has escaped; whatever it throws is a denial.
 * It may use the names of `Targets`, `fs` and `net`. Numbers are the cases of the runner's test list.
 *
 * `PROVED_BY_KERNEL` hold with Node's wall taken away as well.
 */

/** What there is to reach, as the code knows it. */
export type Targets = {
  /** A file of the server's, one that is not there, and where they are. */
  readonly SECRET: string
  readonly WRITTEN: string
  readonly FOLDER: string
  readonly DATABASE: string
  readonly PACKAGES: string
  /** Listeners that count who comes: TCP, UDP and a name server on loopback, and a socket file. */
  readonly TCP: number
  readonly UDP: number
  readonly UNIX: string
  /** The server's process. */
  readonly SERVER: number
  /** Stands in the command line of every process that a step might start. */
  readonly MARK: string
}

type Table = Readonly<Record<string, string>>

const connected = (socket: string): string =>
  `await new Promise((done, fail) => { const s = ${socket}; s.on('error', fail); s.on('connect', done) }); return 'connected'`
const listening = (server: string, where: string): string =>
  `await new Promise((done, fail) => { const s = ${server}; s.on('error', fail); s.listen(${where}, done) }); return 'listening'`
const found = (expression: string): string =>
  `const found = ${expression}; if (!found) throw new Error('nothing found'); return found`

/** Files: [R1] to [R8]. */
const FILES: Table = {
  '[R1] [247] reads /etc/passwd': `return fs.readFileSync('/etc/passwd', 'utf8')`,
  '[R1] follows a link of /proc to it': `return fs.readFileSync('/proc/self/root/etc/passwd', 'utf8')`,
  '[R2] [247] reads a file of the server': `return fs.readFileSync(SECRET, 'utf8')`,
  '[R2] reads it by promises': `return await fs.promises.readFile(SECRET, 'utf8')`,
  '[R2] reads it by callback': `return await new Promise((done, fail) => fs.readFile(SECRET, 'utf8', (error, text) => error ? fail(error) : done(text)))`,
  '[R2] reads it as bytes of a path': `return fs.readFileSync(Buffer.from(SECRET), 'utf8')`,
  '[R2] reads it by URL': `return fs.readFileSync(new URL('file://' + SECRET), 'utf8')`,
  '[R2] reads it around a corner': `return fs.readFileSync(PACKAGES + '/../../' + SECRET.split('/').at(-1), 'utf8')`,
  '[R2] reads it through the root of a process': `return fs.readFileSync('/proc/self/root' + SECRET, 'utf8')`,
  '[R2] reads it as a stream': `return await new Promise((done, fail) => fs.createReadStream(SECRET).on('error', fail).on('data', (chunk) => done(String(chunk))))`,
  '[R2] reads it by another way to the module': `return process.getBuiltinModule('node:fs').readFileSync(SECRET, 'utf8')`,
  '[R2] reads it by a require of its own': `return require('node:module').createRequire('file:///')('node:fs').readFileSync(SECRET, 'utf8')`,
  '[R2] opens it': `return fs.openSync(SECRET)`,
  '[R2] opens it as a blob': `return await (await fs.openAsBlob(SECRET)).text()`,
  '[R2] asks how long it is': `return fs.statSync(SECRET).size`,
  '[R2] asks where it is': `return fs.realpathSync.native(SECRET)`,
  '[R2] imports it': `return await import('file://' + SECRET)`,
  '[R2] imports it as JSON': `return await import('file://' + SECRET, { with: { type: 'json' } })`,
  '[R2] requires it': `return require(SECRET)`,
  '[R2] loads it by hooks of its own': `const { registerHooks } = require('node:module'); const hooks = registerHooks({ load: (url, context, next) => url.startsWith('file:') ? next(url, { ...context, format: 'module' }) : next(url, context) }); try { return await import('file://' + SECRET + '?hooked') } finally { hooks.deregister() }`,
  '[R2] reads it as an environment': `process.loadEnvFile(SECRET); return 'loaded'`,
  '[R2] copies it': `fs.copyFileSync(SECRET, WRITTEN); return 'copied'`,
  '[R2] copies its folder': `fs.cpSync(FOLDER, WRITTEN, { recursive: true }); return 'copied'`,
  '[R2] links it': `fs.linkSync(SECRET, WRITTEN); return 'linked'`,
  '[R2] watches it': `fs.watch(SECRET).close(); return 'watched'`,
  '[R2] reads the server’s code': `return fs.readFileSync(${JSON.stringify(import.meta.filename)}, 'utf8').length`,
  '[R2] takes it as a key of the OpenSSL store': `return require('node:crypto').createPrivateKey(new URL('file://' + SECRET)).type`,
  '[R2] takes it as an engine': `require('node:crypto').setEngine(SECRET); return 'set'`,
  '[R2] takes it as an asset': `return require('node:sea').getRawAsset(SECRET)`,
  '[R3] lists the root': `const names = fs.readdirSync('/'); ${found(`names.find((name) => ['etc', 'home', 'root', 'var'].includes(name))`)}`,
  '[R3] lists a folder of the server': found(
    `fs.readdirSync(FOLDER).find((name) => name !== 'packages')`,
  ),
  '[R3] walks a folder of the server': `for await (const { name } of await fs.promises.opendir(FOLDER)) if (name !== 'packages') return name; throw new Error('nothing found')`,
  '[R3] finds names by pattern': found(`fs.globSync('/{etc,home,root,var}/*')[0]`),
  '[R4] writes a file': `fs.writeFileSync(WRITTEN, 'x'); return 'written'`,
  '[R4] writes at the root': `fs.writeFileSync('/written', 'x'); return 'written'`,
  '[R4] writes among the devices': `fs.writeFileSync('/dev/written', 'x'); return 'written'`,
  '[R4] writes shared memory': `fs.writeFileSync('/dev/shm/written', 'x'); return 'written'`,
  '[R4] writes into its packages': `fs.writeFileSync(PACKAGES + '/node_modules/small/index.js', 'evil'); return 'written'`,
  '[R4] makes a folder in its packages': `fs.mkdirSync(PACKAGES + '/node_modules/evil'); return 'made'`,
  '[R4] overwrites Node': `fs.writeFileSync(process.execPath, 'x'); return 'written'`,
  '[R4] changes a file of the server': `fs.appendFileSync(SECRET, 'x'); return 'changed'`,
  '[R4] removes a file of the server': `fs.rmSync(SECRET); return 'removed'`,
  '[R4] renames it': `fs.renameSync(SECRET, WRITTEN); return 'renamed'`,
  '[R4] changes its mode': `fs.chmodSync(SECRET, 0o700); return 'changed'`,
  '[R4] changes its times': `fs.utimesSync(SECRET, 1, 1); return 'changed'`,
  '[R4] makes a folder for itself': `return fs.mkdtempSync('/tmp/evil-')`,
  '[R4] writes a compile cache': `const { status, message } = require('node:module').enableCompileCache(WRITTEN); if (status !== 1 && status !== 2) throw new Error(message ?? 'not enabled'); return status`,
  '[R4] writes a heap snapshot': `return require('node:v8').writeHeapSnapshot(WRITTEN)`,
  '[R5] makes a symbolic link': `fs.symlinkSync('/etc/passwd', PACKAGES + '/node_modules/link'); return fs.readFileSync(PACKAGES + '/node_modules/link', 'utf8')`,
  '[R6] [247] reads the server’s environment': `return fs.readFileSync('/proc/' + SERVER + '/environ', 'utf8')`,
  '[R6] reads its parent’s environment': `return fs.readFileSync('/proc/' + process.ppid + '/environ', 'utf8')`,
  '[R6] reads the server’s command line': `return fs.readFileSync('/proc/' + SERVER + '/cmdline', 'utf8')`,
  '[R7] opens the server’s memory': `return fs.openSync('/proc/' + SERVER + '/mem', 'r+')`,
  '[R7] opens its parent’s memory': `return fs.openSync('/proc/' + process.ppid + '/mem', 'r+')`,
  '[R8] opens a database of the server': `return new (require('node:sqlite').DatabaseSync)(DATABASE, { readOnly: true }).prepare('select * from secrets').all()`,
  '[R8] makes a database': `new (process.getBuiltinModule('node:sqlite').DatabaseSync)(WRITTEN).exec('create table a (b)'); return 'made'`,
  '[R8] attaches one': `new (require('node:sqlite').DatabaseSync)(':memory:').exec('attach ' + JSON.stringify(WRITTEN) + ' as a; create table a.b (c)'); return 'attached'`,
}

/** Processes and native code: [R13] to [R24]. */
const PROCESSES: Table = {
  '[R13] opens a socket by FFI': `const { DynamicLibrary } = require('node:ffi'); const socket = new DynamicLibrary('libc.so.6').getFunction('socket', { arguments: ['i32', 'i32', 'i32'], return: 'i32' }); const fd = socket(40, 1, 0); if (fd < 0) throw new Error('denied by the kernel'); return fd`,
  '[R13] forks by FFI': `const { DynamicLibrary } = require('node:ffi'); const fork = new DynamicLibrary('libc.so.6').getFunction('fork', { return: 'i32' }); const pid = fork(); if (pid < 0) throw new Error('denied by the kernel'); return pid`,
  '[R15] [248] spawns a child': `const { error } = require('node:child_process').spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)', MARK], { timeout: 200 }); if (error && error.code !== 'ETIMEDOUT') throw error; return 'spawned'`,
  '[R15] spawns one and does not wait': `await new Promise((done, fail) => require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)', MARK], { detached: true, stdio: 'ignore' }).on('spawn', done).on('error', fail)); return 'spawned'`,
  '[R15] executes a file': `return String(require('node:child_process').execFileSync('/bin/true'))`,
  '[R15] executes a line of shell': `return String(require('node:child_process').execSync('id'))`,
  '[R16] forks a cluster': `const cluster = require('node:cluster'); cluster.setupPrimary({ exec: '/x.js', args: [MARK] }); await new Promise((done, fail) => cluster.fork().on('online', done).on('error', fail).on('exit', () => fail(new Error('it ended')))); return 'forked'`,
  '[R17] forks without end': `for (let n = 0; n < 50; n++) await new Promise((done, fail) => require('node:child_process').fork('/x.js', [MARK]).on('spawn', done).on('error', fail)); return 'forked'`,
}

/** Sockets of its own: [R30] to [R34]. */
const SOCKETS: Table = {
  '[R30] takes the socket of the system from under TLS': connected(
    `new (require('node:tls').TLSSocket)().connect(TCP, '127.0.0.1')`,
  ),
  '[R31] connects to a socket file': connected(`net.connect(UNIX)`),
  '[R32] listens': listening(`net.createServer()`, `0`),
  '[R32] listens for HTTP': listening(`require('node:http').createServer()`, `0`),
  '[R32] listens at a socket file': listening(`net.createServer()`, `WRITTEN`),
  '[R32] listens at a name of the kernel’s': listening(`net.createServer()`, `'\\0sendoff-evil'`),
  '[R33] [245] sends a datagram': `await new Promise((done, fail) => require('node:dgram').createSocket('udp4').on('error', fail).send('x', UDP, '127.0.0.1', (error) => error ? fail(error) : done())); return 'sent'`,
  '[R33] waits for datagrams': `await new Promise((done, fail) => require('node:dgram').createSocket('udp4').on('error', fail).bind(0, done)); return 'bound'`,
  '[R34] [245] asks a name server of its own': `const resolver = new (require('node:dns').promises.Resolver)({ timeout: 300, tries: 1 }); resolver.setServers(['127.0.0.1:' + UDP]); return await resolver.resolve4('secret.example.com')`,
  '[R34] asks the system for a name': `return await require('node:dns').promises.lookup('secret.example.com')`,
}

/**
 * A link that got into a package set, which installing refuses: Node's permission model follows it out of
 * the set (its documentation says so), so this is for the kernel alone to stop.
 */
export const LINKS: Table = {
  '[R5] follows a link of its packages to a file of the server': `return fs.readFileSync(PACKAGES + '/node_modules/link', 'utf8')`,
  '[R5] requires one': `return require(PACKAGES + '/node_modules/link')`,
}

export const PROVED_BY_KERNEL: Table = { ...FILES, ...PROCESSES, ...SOCKETS }

/** What only Node's own wall is asked to stop. */
export const NODE_DENIES: Table = {
  '[R10] [248] takes a binding': `return process.binding('fs')`,
  '[R10] takes the binding of processes': `return process.binding('spawn_sync')`,
  '[R11] takes a linked binding': `return process._linkedBinding('fs')`,
  '[R12] [248] loads an addon': `return process.dlopen({ exports: {} }, SECRET)`,
  '[R12] requires an addon': `return require('/x.node')`,
  '[R13] opens a library': `return new (require('node:ffi').DynamicLibrary)('libc.so.6')`,
  '[R13] looks a symbol up in Node itself': `return new (require('node:ffi').DynamicLibrary)(null)`,
  '[R13] reads memory at an address': `return require('node:ffi').getInt32(4096n)`,
  '[R14] [248] mounts the root in WASI': `return new (require('node:wasi').WASI)({ version: 'preview1', preopens: { '/': '/' } })`,
  '[R18] replaces the process': `process.execve('/bin/true', ['true']); return 'replaced'`,
  '[R19] [248] starts a worker': `return new (require('node:worker_threads').Worker)('1', { eval: true })`,
  '[R19] starts a worker by data': `return new (require('node:worker_threads').Worker)(new URL('data:text/javascript,1'))`,
  '[R19] loads hooks in a thread': `require('node:module').register('data:text/javascript,export const load = 1'); return 'registered'`,
  '[R20] opens an inspector': `require('node:inspector').open(0, '127.0.0.1'); return require('node:inspector').url() ?? (() => { throw new Error('none') })()`,
  '[R20] opens an inspector session': `const session = new (require('node:inspector').Session)(); session.connect(); return 'connected'`,
  '[R20] opens one by promises': `const session = new (require('node:inspector/promises').Session)(); session.connect(); return 'connected'`,
  '[R21] signals the server': `process.kill(SERVER, 'SIGUSR2'); return 'signalled'`,
  '[R21] signals its parent': `process.kill(process.ppid, 'SIGUSR2'); return 'signalled'`,
  '[R21] signals by the inner function': `if (process._kill(SERVER, 12) < 0) throw new Error('denied'); return 'signalled'`,
  '[R22] opens the server’s inspector': `process._debugProcess(SERVER); return 'opened'`,
  '[R23] renices the server': `require('node:os').setPriority(SERVER, 10); return 'reniced'`,
  '[R24] sets flags of V8': `require('node:v8').setFlagsFromString('--no-wasm-bounds-checks'); return 'set'`,
  '[R24] sets them by import': `(await import('node:v8')).setFlagsFromString('--allow-natives-syntax'); return 'set'`,
  '[R24] sets them from a built-in': `process.getBuiltinModule('v8').setFlagsFromString('--allow-natives-syntax'); return 'set'`,
  'drops no permission into having it': `process.permission?.drop?.('fs.read'); return fs.readFileSync(SECRET, 'utf8')`,
  'traces events to a file': `require('node:trace_events').createTracing({ categories: ['node'] }).enable(); return 'tracing'`,
  'takes a heap snapshot': `return require('node:v8').getHeapSnapshot()`,
  '[R4] writes a report': `return process.report.writeReport(WRITTEN)`,
  'asks for a report': `return process.report.getReport()`,
  'changes its user': `process.setuid(0); return 'changed'`,
  'changes its groups': `process.setgroups([0]); return 'changed'`,
  'changes its folder': `process.chdir('/tmp'); return 'changed'`,
  'mounts a file system of its own': `return require('node:vfs')`,
  'makes a startup snapshot': `require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {}); return 'set'`,
  'finds the server’s objects by a query': `return require('node:v8').queryObjects(Object, { format: 'count' }) > 1e7 || (() => { throw new Error('only its own') })()`,
  'starts another interpreter': `const { PassThrough } = require('node:stream'); require('node:repl').start({ input: new PassThrough(), output: new PassThrough() }).context.process.kill(SERVER, 'SIGUSR2'); return 'signalled'`,
  'leaves a context of vm for a stronger one': `return require('node:vm').runInNewContext('this.constructor.constructor("return process")()').kill(SERVER, 'SIGUSR2')`,
  'reaches through the error’s stack': `let call; Error.prepareStackTrace = (error, calls) => { call = calls.map((c) => { try { return c.getThis() } catch { return null } }); return '' }; try { new Error('x').stack } finally { delete Error.prepareStackTrace }; ${found('(call ?? []).find((that) => that && that !== globalThis && that.kill)')}`,
  'deserialises into a host object': `const { Deserializer } = require('node:v8'); class Evil extends Deserializer { _readHostObject() { return process.binding('fs') } } return new Evil(Buffer.from([255, 15, 92])).readHeader() && new Evil(Buffer.from([255, 15, 92])).readValue().open`,
  'takes the channel of the diagnostics of modules': `const seen = []; require('node:diagnostics_channel').subscribe('child_process', (message) => seen.push(message)); ${found('seen[0]')}`,
  'reads the line’s other end by a second socket': `const other = new net.Socket({ fd: 3 }); return await new Promise((done, fail) => { other.on('error', fail).on('data', (data) => done(String(data))); setTimeout(fail, 50, new Error('silence')).unref() })`,
}
